package setup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"cloud.google.com/go/storage"

	"burnish/queue"
	"burnish/worker/store"
	"burnish/worker/store/bucket"
)

// Place is a folder, or what has a prefix in a bucket.
type Place struct {
	Folder string // empty for a bucket
	Bucket string
	Prefix string // empty for a whole bucket, else with a slash at its end
}

// ParsePlace reads a path, or a URL as gs://bucket or gs://bucket/prefix.
func ParsePlace(text string) (Place, error) {
	rest, ok := strings.CutPrefix(text, "gs://")
	if !ok {
		if strings.Contains(text, "://") {
			return Place{}, fmt.Errorf("%q: expected a folder, gs://bucket or gs://bucket/prefix", text)
		}
		return Place{Folder: text}, nil
	}
	name, prefix, _ := strings.Cut(rest, "/")
	prefix = strings.TrimSuffix(prefix, "/")
	if name == "" || strings.HasPrefix(prefix, "/") || strings.HasSuffix(prefix, "/") {
		return Place{}, fmt.Errorf("%q: expected gs://bucket or gs://bucket/prefix", text)
	}
	if prefix != "" {
		prefix += "/"
	}
	return Place{Bucket: name, Prefix: prefix}, nil
}

// String returns the place as ParsePlace reads it.
func (p Place) String() string {
	if p.Bucket == "" {
		return p.Folder
	}
	return strings.TrimSuffix("gs://"+p.Bucket+"/"+p.Prefix, "/")
}

// Photo tells the key of an object in the bucket, or false if it is no photo of this place:
// elsewhere, or a name that only stands for a folder.
func (p Place) Photo(bucket, object string) (queue.Key, bool) {
	key, ok := strings.CutPrefix(object, p.Prefix)
	return queue.Key(key), ok && bucket == p.Bucket && key != "" && !strings.HasSuffix(key, "/")
}

// Ends are where photos come from and where variants go to.
type Ends struct {
	Source, Dest Place
}

// ErrLoop reports ends at which Burnish would take its own output for new photos.
var ErrLoop = errors.New("it would be triggered by its own output")

// ParseEnds reads both ends and refuses those that make a loop. Folders are looked at when they
// are opened.
func ParseEnds(source, dest string) (Ends, error) {
	s, err := ParsePlace(source)
	if err != nil {
		return Ends{}, fmt.Errorf("--source %w", err)
	}
	d, err := ParsePlace(dest)
	if err != nil {
		return Ends{}, fmt.Errorf("--dest %w", err)
	}
	if s.Bucket != "" && s.Bucket == d.Bucket && Overlap(s.Prefix, d.Prefix) {
		return Ends{}, fmt.Errorf("--source %s and --dest %s: %w: give another bucket, or prefixes neither of which is within the other",
			s, d, ErrLoop)
	}
	return Ends{s, d}, nil
}

// Overlap reports whether some name can have both prefixes.
func Overlap(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }

// Opened is a store that its opener closes.
type Opened interface {
	store.Store
	io.Closer
}

// lasting is a store with what is to be closed after it.
type lasting struct {
	store.Store
	io.Closer
}

// OpenEnds opens the source for reading and the destination for writing, and makes sure that
// both are there.
func (c *Cloud) OpenEnds(ctx context.Context, e Ends) (source, dest Opened, err error) {
	if e.Source.Bucket == "" && e.Dest.Bucket == "" {
		return openFolders(e)
	}
	if source, err = c.OpenSource(ctx, e.Source); err != nil {
		return nil, nil, fmt.Errorf("source: %w", err)
	}
	if dest, err = c.OpenDest(ctx, e.Dest); err != nil {
		source.Close()
		return nil, nil, fmt.Errorf("destination: %w", err)
	}
	return source, dest, nil
}

func openFolders(e Ends) (source, dest Opened, err error) {
	folders, err := OpenFolders(e.Source.Folder, e.Dest.Folder)
	if err != nil {
		return nil, nil, err
	}
	if source, err = folders.OpenSource(); err != nil {
		return nil, nil, fmt.Errorf("source: %w", err)
	}
	if dest, err = folders.OpenDest(); err != nil {
		source.Close()
		return nil, nil, fmt.Errorf("destination: %w", err)
	}
	return source, dest, nil
}

// OpenSource opens a place for reading.
func (c *Cloud) OpenSource(ctx context.Context, p Place) (Opened, error) {
	if p.Bucket != "" {
		return c.bucket(ctx, p)
	}
	dir, err := ExistingFolder(p.Folder)
	if err != nil {
		return nil, err
	}
	return Folders{Source: dir}.OpenSource()
}

// OpenDest opens a place for writing. A folder has one writer at a time.
func (c *Cloud) OpenDest(ctx context.Context, p Place) (Opened, error) {
	if p.Bucket != "" {
		return c.bucket(ctx, p)
	}
	dir, err := resolve(p.Folder)
	if err != nil {
		return nil, err
	}
	return Folders{Dest: dir}.OpenDest()
}

// probe is looked for to learn whether a bucket answers. It need not be there.
const probe = "burnish/probe"

// openBucket opens a bucket and makes sure that it is there.
func openBucket(ctx context.Context, client *storage.Client, p Place) (store.Store, error) {
	b, err := bucket.Open(client, p.String(), bucket.Options{})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	_, err = b.Stat(ctx, probe)
	switch {
	case err == nil, errors.Is(err, store.ErrNotExist):
		return b, nil
	case errors.Is(err, store.ErrDenied):
		return nil, fmt.Errorf("%s: %w\nthe account that runs this lacks a role on the bucket, or there is no such bucket; "+
			"docs/deployment.md lists the roles", p, err)
	}
	return nil, fmt.Errorf("%s: %w", p, err)
}

// bucket opens a bucket with the client of the fleet.
func (c *Cloud) bucket(ctx context.Context, p Place) (Opened, error) {
	client, err := c.Storage(ctx)
	if err != nil {
		return nil, err
	}
	b, err := openBucket(ctx, client, p)
	if err != nil {
		return nil, err
	}
	return lasting{b, io.NopCloser(nil)}, nil
}
