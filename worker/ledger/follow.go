package ledger

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	"burnish/worker/store"
)

// overlap is how far back a follower looks for segments: names begin with the time, by the
// clock of whoever writes, and a segment may take a while to get into the store.
const overlap = time.Hour

// Follower reads the outcomes of one batch as they come in. It is for one goroutine.
type Follower struct {
	st    store.Store
	batch string
	seen  map[string]struct{} // segments, by name, that the next listing may show again
}

// Follow returns a follower of what comes from now on: segments that are there already are left
// out.
func Follow(ctx context.Context, st store.Store, batch string) (*Follower, error) {
	if err := CheckBatch(batch); err != nil {
		return nil, err
	}
	f := &Follower{st: st, batch: batch, seen: make(map[string]struct{})}
	for _, err := range f.fresh(ctx) {
		if err != nil {
			return nil, err
		}
	}
	return f, nil
}

// Next yields the outcomes of the segments that have come in since the last call. A job that was
// delivered twice may have two. A SegmentError is yielded for a segment that cannot be read, and
// the walk goes on; any other error ends it, and the next call begins where it ended.
//
// It costs one listing request for a thousand segments of the last hour, and one read for each
// that is new.
func (f *Follower) Next(ctx context.Context) iter.Seq2[Outcome, error] {
	return func(yield func(Outcome, error) bool) {
		for a, err := range f.fresh(ctx) {
			var all []Outcome
			if err == nil {
				all, err = f.read(ctx, a)
			}
			if err != nil {
				if !isSegment(err) {
					delete(f.seen, a.Name)
					yield(Outcome{}, err)
					return
				}
				if !yield(Outcome{}, err) {
					return
				}
			}
			for _, o := range all {
				if !yield(o, nil) {
					return
				}
			}
		}
	}
}

func (f *Follower) read(ctx context.Context, a store.Attrs) ([]Outcome, error) {
	file, err := load(ctx, f.st, a)
	if err != nil {
		return nil, err
	}
	all, err := outcomesOf(file)
	if err != nil {
		return nil, &SegmentError{a.Name, err}
	}
	return all, nil
}

// fresh walks the segments that have not been seen, and marks them as seen.
func (f *Follower) fresh(ctx context.Context) iter.Seq2[store.Attrs, error] {
	return func(yield func(store.Attrs, error) bool) {
		prefix := Folder(f.batch) + "ledger/"
		from := prefix + time.Now().Add(-overlap).UTC().Format("20060102T150405Z")
		for name := range f.seen {
			if name < from {
				delete(f.seen, name)
			}
		}
		for a, err := range f.st.List(ctx, store.Range{Prefix: prefix, From: from}) {
			if err != nil {
				yield(a, fmt.Errorf("list ledger of batch %s in %s: %w", f.batch, f.st, err))
				return
			}
			if _, seen := f.seen[a.Name]; seen || !strings.HasSuffix(a.Name, ".parquet") {
				continue
			}
			f.seen[a.Name] = struct{}{}
			if !yield(a, nil) {
				return
			}
		}
	}
}
