package bucket

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"

	"cloud.google.com/go/storage"
	"google.golang.org/api/iterator"

	"burnish/worker/store"
)

// page is how many objects are asked for at a time: the most that the service gives.
const page = 1000

// List asks for a page whenever the one before is used up.
func (b *Bucket) List(ctx context.Context, r store.Range) iter.Seq2[store.Attrs, error] {
	return func(yield func(store.Attrs, error) bool) {
		for token, first := "", true; first || token != ""; first = false {
			var objects []*storage.ObjectAttrs
			var err error
			objects, token, err = b.page(ctx, r, token)
			if err != nil {
				yield(store.Attrs{}, err)
				return
			}
			if !b.yield(ctx, r, objects, yield) {
				return
			}
		}
	}
}

// yield hands on the objects of a page, and reports whether there may be more to come.
func (b *Bucket) yield(ctx context.Context, r store.Range, objects []*storage.ObjectAttrs, yield func(store.Attrs, error) bool) bool {
	for _, o := range objects {
		if err := ctx.Err(); err != nil {
			yield(store.Attrs{}, fmt.Errorf("%s: %w", b, err))
			return false
		}
		a := b.attrs(o)
		if r.To != "" && a.Name >= r.To {
			return false
		}
		if strings.HasSuffix(a.Name, "/") || a.Name == "" || !r.Has(a.Name) {
			continue
		}
		if !yield(a, nil) {
			return false
		}
	}
	return true
}

// page returns some of the objects and the token of the next page, empty at the end.
func (b *Bucket) page(ctx context.Context, r store.Range, token string) (objects []*storage.ObjectAttrs, next string, err error) {
	err = b.retry(ctx, "", func(ctx context.Context, _ bool) error {
		objects = nil // of a try that failed
		it := b.bucket.Objects(ctx, b.query(r))
		next, err = iterator.NewPager(it, page, token).NextPage(&objects)
		if errors.Is(err, storage.ErrBucketNotExist) {
			return stated{errNoBucket}
		}
		return err
	})
	return objects, next, err
}

// query asks for a range. The service compares names as bytes too, but takes bounds in UTF-8
// only: where one is cut short, the range that comes back is wider, and yield narrows it.
func (b *Bucket) query(r store.Range) *storage.Query {
	q := &storage.Query{Prefix: b.prefix + cut(r.Prefix), Projection: storage.ProjectionNoACL}
	if r.From != "" {
		q.StartOffset = b.prefix + cut(r.From)
	}
	if r.To != "" && utf8.ValidString(r.To) {
		q.EndOffset = b.prefix + r.To
	}
	// It fails for an attribute that does not exist.
	_ = q.SetAttrSelection([]string{"Name", "Size", "Generation", "Updated", "Metadata"})
	return q
}

// cut returns what comes before the first byte that is not UTF-8.
func cut(s string) string {
	for i, r := range s {
		if _, size := utf8.DecodeRuneInString(s[i:]); r == utf8.RuneError && size == 1 {
			return s[:i]
		}
	}
	return s
}
