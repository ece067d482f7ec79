package ledger

import (
	"cmp"
	"context"
	"errors"
	"iter"

	"github.com/parquet-go/parquet-go"

	"burnish/worker/store"
)

// link is a digest of the chain.
type link struct {
	attrs   store.Attrs
	through string // the base name of its last segment
	sum     Summary
}

// digestName is the name of the digest that begins after a segment, given by its base name.
func digestName(batch, after string) string {
	return digestFolder(batch) + cmp.Or(after, firstDigest) + extension
}

// chain walks the digests of a batch as far as each begins where the one before it ends. One
// that cannot be read ends it: the segments have all that is in it.
func chain(ctx context.Context, st store.Store, batch string) iter.Seq2[link, error] {
	return func(yield func(link, error) bool) {
		end := ""
		for a, err := range files(ctx, st, digestFolder(batch), "") {
			if err != nil {
				yield(link{}, err)
				return
			}
			if a.Name != digestName(batch, end) {
				return
			}
			l, err := linkOf(ctx, st, a)
			if isSegment(err) || err == nil && (l.through <= end || !hasTime(l.through)) {
				return
			}
			if !yield(l, err) || err != nil {
				return
			}
			end = l.through
		}
	}
}

// linkOf asks the object's metadata first, then the file's footer.
func linkOf(ctx context.Context, st store.Store, a store.Attrs) (link, error) {
	l := link{attrs: a, through: a.Metadata[throughKey]}
	var err error
	if l.sum, err = parseCounts(a.Metadata[metadataKey]); err == nil && l.through != "" {
		return l, nil
	}
	f, err := load(ctx, st, a)
	if err != nil {
		return l, err
	}
	if l.sum, l.through, err = footer(f); err != nil {
		return l, &SegmentError{a.Name, err}
	}
	return l, nil
}

// footer reads what a digest's metadata say from the file itself.
func footer(f *parquet.File) (sum Summary, through string, err error) {
	text, _ := f.Lookup(metadataKey)
	if sum, err = parseCounts(text); err != nil {
		return sum, "", err
	}
	through, ok := f.Lookup(throughKey)
	if !ok {
		return sum, "", errors.New("does not say how far it goes")
	}
	return sum, through, nil
}

// file is a segment or a digest, and what it counts.
type file struct {
	attrs  store.Attrs
	sum    Summary
	digest bool
}

// condensed walks what stands for a batch: its digests, and the segments after them. A
// SegmentError is yielded for every segment that cannot be read; any other error ends the walk.
func condensed(ctx context.Context, st store.Store, batch string) iter.Seq2[file, error] {
	return func(yield func(file, error) bool) {
		if err := CheckBatch(batch); err != nil {
			yield(file{}, err)
			return
		}
		end := ""
		for l, err := range chain(ctx, st, batch) {
			if err != nil {
				yield(file{}, err)
				return
			}
			if !yield(file{l.attrs, l.sum, true}, nil) {
				return
			}
			end = l.through
		}
		counted(ctx, st, batch, end)(yield)
	}
}

// counted walks the segments after one.
func counted(ctx context.Context, st store.Store, batch, after string) iter.Seq2[file, error] {
	return func(yield func(file, error) bool) {
		if err := CheckBatch(batch); err != nil {
			yield(file{}, err)
			return
		}
		for a, err := range segments(ctx, st, batch, after) {
			f := file{attrs: a}
			if err == nil {
				f.sum, err = summaryOf(ctx, st, a)
			}
			if !yield(f, err) || err != nil && !isSegment(err) {
				return
			}
		}
	}
}
