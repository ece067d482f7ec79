package setup

import (
	"context"
	"errors"
	"fmt"
	"io"

	"cloud.google.com/go/storage"

	"burnish/worker/store"
	"burnish/worker/store/bucket"
)

// Stores opens folders and buckets. Its zero value is ready to use; Close closes what it has
// opened for itself, after the stores.
type Stores struct {
	// WriteRate is what bucket.Options says of it.
	WriteRate float64

	// Troubled is told of every try at a bucket that failed for a passing reason; nil for nobody.
	Troubled func(fact error)

	client *storage.Client // opened when first asked for: folders need none
}

// Opened is a store that its opener closes.
type Opened interface {
	store.Store
	io.Closer
	// Probe reports why the store cannot be used, as cheaply as that can be known.
	Probe(ctx context.Context) error
}

// lasting is a bucket with what is to be closed after it.
type lasting struct {
	store.Store
	io.Closer
}

// Probe implements Opened.
func (l lasting) Probe(ctx context.Context) error { return answers(ctx, l.Store) }

// Storage returns the client for buckets. Its credentials are the application's default ones.
func (s *Stores) Storage(ctx context.Context) (*storage.Client, error) {
	if s.client != nil {
		return s.client, nil
	}
	client, err := storage.NewClient(ctx)
	if err != nil {
		return nil, fmt.Errorf("Cloud Storage: %w: %s", err, credentials)
	}
	s.client = client
	return client, nil
}

// Close closes the client, if there is one.
func (s *Stores) Close() error {
	if s.client == nil {
		return nil
	}
	return s.client.Close()
}

// OpenEnds opens the source for reading and the destination for writing, and makes sure that
// both are there.
func (s *Stores) OpenEnds(ctx context.Context, e Ends) (source, dest Opened, err error) {
	if e.Source.Bucket == "" && e.Dest.Bucket == "" {
		return openFolders(e)
	}
	if source, err = s.OpenSource(ctx, e.Source); err != nil {
		return nil, nil, fmt.Errorf("source: %w", err)
	}
	if dest, err = s.OpenDest(ctx, e.Dest); err != nil {
		source.Close()
		return nil, nil, fmt.Errorf("destination: %w", err)
	}
	return source, dest, nil
}

// LookAtEnds opens both ends for reading. Nothing is made: a destination folder that is missing is
// an empty one.
func (s *Stores) LookAtEnds(ctx context.Context, e Ends) (source, dest Opened, err error) {
	if e.Source.Bucket == "" && e.Dest.Bucket == "" {
		return lookAtFolders(e)
	}
	if source, err = s.OpenSource(ctx, e.Source); err != nil {
		return nil, nil, fmt.Errorf("source: %w", err)
	}
	if e.Dest.Bucket != "" {
		dest, err = s.bucket(ctx, e.Dest)
	} else if dir, failed := newFolder(e.Dest.Folder); failed != nil {
		err = failed
	} else {
		dest, err = lookAt(dir)
	}
	if err != nil {
		source.Close()
		return nil, nil, fmt.Errorf("destination: %w", err)
	}
	return source, dest, nil
}

// OpenSource opens a place for reading.
func (s *Stores) OpenSource(ctx context.Context, p Place) (Opened, error) {
	if p.Bucket != "" {
		return s.bucket(ctx, p)
	}
	dir, err := ExistingFolder(p.Folder)
	if err == nil {
		err = original(dir)
	}
	if err != nil {
		return nil, err
	}
	return Folders{Source: dir}.OpenSource()
}

// OpenDest opens a place for writing. A folder is made if it is missing, and has one writer at a
// time; a bucket must be there, and has any number: each of their writes has its condition.
func (s *Stores) OpenDest(ctx context.Context, p Place) (Opened, error) {
	if p.Bucket != "" {
		b, err := s.bucket(ctx, p)
		if err == nil {
			err = s.mayWrite(ctx, p, b)
		}
		return b, err
	}
	dir, err := newFolder(p.Folder)
	if err == nil {
		err = usable(dir)
	}
	if err != nil {
		return nil, err
	}
	return Folders{Dest: dir}.OpenDest()
}

// mayWrite reports that objects may not be made in a place. A role can be granted below a prefix
// alone, which the bucket does not tell, so a no is only taken from an attempt.
func (s *Stores) mayWrite(ctx context.Context, p Place, b store.Store) error {
	client, err := s.Storage(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	have, err := client.Bucket(p.Bucket).IAM().TestPermissions(ctx, []string{"storage.objects.create"})
	if err != nil || len(have) > 0 {
		return nil // what nobody answers for shows at the first write
	}
	if _, err = b.Write(ctx, probe, nil, store.WriteOptions{}); errors.Is(err, store.ErrDenied) {
		return fmt.Errorf("%s: %w\nthe account that runs this may read there, not write; docs/deployment.md lists the roles", p, err)
	}
	return nil
}

// OpenDestination opens for reading what has been written to a folder, or to a bucket as
// gs://bucket or gs://bucket/prefix.
func OpenDestination(ctx context.Context, text string) (Opened, error) {
	place, err := ParsePlace(text)
	if err != nil {
		return nil, fmt.Errorf("destination %w", err)
	}
	if place.Bucket == "" {
		dir, err := ExistingFolder(place.Folder)
		if err != nil {
			return nil, fmt.Errorf("destination: %w", err)
		}
		return store.OpenDirectory(dir)
	}
	s := new(Stores)
	b, err := s.bucket(ctx, place)
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("destination: %w", err)
	}
	return lasting{b, s}, nil
}

// probe is looked for to learn whether a bucket answers. It need not be there.
const probe = "burnish/probe"

// bucket opens a bucket, and makes sure that it is there and that objects in it may be looked
// at.
func (s *Stores) bucket(ctx context.Context, p Place) (Opened, error) {
	client, err := s.Storage(ctx)
	if err != nil {
		return nil, err
	}
	b, err := bucket.Open(client, p.String(), bucket.Options{WriteRate: s.WriteRate, Troubled: s.Troubled})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	if err := answers(ctx, b); err != nil {
		return nil, err
	}
	return lasting{b, io.NopCloser(nil)}, nil
}

// answers reports why objects in a bucket cannot be looked at.
func answers(ctx context.Context, b store.Store) error {
	_, err := b.Stat(ctx, probe)
	switch {
	case err == nil, errors.Is(err, store.ErrNotExist):
		return nil
	case errors.Is(err, store.ErrDenied):
		return fmt.Errorf("%s: %w\nthe account that runs this lacks a role on the bucket, or there is no such bucket; "+
			"docs/deployment.md lists the roles", b, err)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w\nCloud Storage does not answer: is the network up, and STORAGE_EMULATOR_HOST unset or right?", b, err)
	}
	return fmt.Errorf("%s: %w", b, err)
}
