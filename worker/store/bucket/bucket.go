// Package bucket keeps objects in Google Cloud Storage.
package bucket

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"cloud.google.com/go/storage"
	"github.com/googleapis/gax-go/v2"

	"burnish/worker/store"
)

// Options says how a bucket is used. The zero value is ready to use.
type Options struct {
	// Attempt bounds one request, which is then repeated; 0 means 30 seconds.
	Attempt time.Duration

	// Total bounds one operation with all that is repeated, and one page of a listing; 0
	// means 2 minutes. Reading an object takes up to twice as long: for it to be found, and
	// for a body that broke off.
	Total time.Duration

	// Tries bounds how often one operation is tried; 0 means 20, which take about a minute.
	Tries int

	// WriteRate is how many objects this process may write and delete a second at first; 0
	// means 100. A bucket takes about 1,000 at first, which all processes share that write to
	// it. The rate doubles in 20 minutes of writing as fast as it allows, up to MaxWriteRate,
	// for which 0 means 1,000, and halves when the service complains.
	WriteRate, MaxWriteRate float64

	// Troubled, if set, is told of each try that failed for a passing reason, by
	// store.ErrThrottled or store.ErrUnavailable. It must not block.
	Troubled func(fact error)
}

// Bucket is a bucket, or what has a prefix in it, as a store. Objects whose names end with a
// slash stand for folders: they are not listed.
//
// It repeats what failed for a passing reason (408, 429, 5xx, a connection that broke or a
// checksum that is wrong), with a random wait that doubles up to 8 seconds, or as long as the
// service asks. It writes no faster than Options.WriteRate says.
type Bucket struct {
	bucket *storage.BucketHandle
	name   string
	prefix string // of every object: empty, or with a slash at its end
	opts   Options
	wait   gax.Backoff // between tries
	writes *governor

	exists sync.Mutex // held while found is looked up
	found  bool       // the bucket is there
}

var _ store.Store = (*Bucket)(nil)

// Open returns the store at a URL, gs://bucket or gs://bucket/prefix. It asks nothing of the
// service. The client stays the caller's; its own retrying is not used.
func Open(client *storage.Client, url string, opts Options) (*Bucket, error) {
	rest, ok := strings.CutPrefix(url, "gs://")
	name, prefix, _ := strings.Cut(rest, "/")
	prefix = strings.TrimSuffix(prefix, "/")
	if !ok || name == "" {
		return nil, fmt.Errorf("%q is not gs://bucket or gs://bucket/prefix", url)
	}
	if prefix != "" {
		if err := check(prefix); err != nil {
			return nil, fmt.Errorf("%q: %w", url, err)
		}
		prefix += "/"
	}
	if opts.Attempt <= 0 {
		opts.Attempt = 30 * time.Second
	}
	if opts.Total <= 0 {
		opts.Total = 2 * time.Minute
	}
	if opts.Tries <= 0 {
		opts.Tries = 20
	}
	if opts.WriteRate <= 0 {
		opts.WriteRate = startRate
	}
	if opts.MaxWriteRate <= 0 {
		opts.MaxWriteRate = topRate
	}
	return &Bucket{
		bucket: client.Bucket(name).Retryer(storage.WithPolicy(storage.RetryNever)),
		name:   name,
		prefix: prefix,
		opts:   opts,
		wait:   gax.Backoff{Initial: 250 * time.Millisecond, Max: 8 * time.Second, Multiplier: 2},
		writes: newGovernor(opts.WriteRate, opts.MaxWriteRate),
	}, nil
}

// String returns the URL.
func (b *Bucket) String() string {
	return strings.TrimSuffix("gs://"+b.name+"/"+b.prefix, "/")
}

// show returns an object's URL for a person.
func (b *Bucket) show(name string) string {
	url := "gs://" + b.name + "/" + b.prefix + name
	if strings.ContainsFunc(url, func(r rune) bool { return r < ' ' || r == utf8.RuneError || r == 0x7f }) {
		return fmt.Sprintf("%q", url)
	}
	return url
}

func (b *Bucket) object(name string) *storage.ObjectHandle {
	return b.bucket.Object(b.prefix + name)
}

// valid reports why a name cannot be an object's.
func (b *Bucket) valid(name string) error {
	err := check(name)
	if err == nil && len(b.prefix)+len(name) > 1024 {
		err = fmt.Errorf("%w: it has more than 1024 bytes", store.ErrName)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", b.show(name), err)
	}
	return nil
}

// check holds a name to what Cloud Storage takes.
//
// https://docs.cloud.google.com/storage/docs/objects#naming
func check(name string) error {
	switch {
	case !utf8.ValidString(name):
		return fmt.Errorf("%w: it is not UTF-8", store.ErrName)
	case strings.ContainsAny(name, "\r\n"):
		return fmt.Errorf("%w: it has a line break", store.ErrName)
	case strings.HasPrefix(name, ".well-known/acme-challenge/"):
		return fmt.Errorf("%w: it starts with .well-known/acme-challenge/", store.ErrName)
	}
	return store.CheckName(name)
}

// Stat describes an object.
func (b *Bucket) Stat(ctx context.Context, name string) (store.Attrs, error) {
	if err := b.valid(name); err != nil {
		return store.Attrs{}, err
	}
	var a store.Attrs
	err := b.retry(ctx, name, func(ctx context.Context, _ bool) error {
		o, err := b.object(name).Attrs(ctx)
		if err == nil {
			a = b.attrs(o)
		}
		return err
	})
	return a, err
}

func (b *Bucket) attrs(o *storage.ObjectAttrs) store.Attrs {
	return store.Attrs{
		Name:       strings.TrimPrefix(o.Name, b.prefix),
		Size:       o.Size,
		Generation: o.Generation,
		Updated:    o.Updated,
		Metadata:   o.Metadata,
	}
}
