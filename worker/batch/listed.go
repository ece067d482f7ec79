package batch

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"golang.org/x/sync/errgroup"

	"burnish/queue"
	"burnish/worker/store"
)

// Listed decides about the keys of a list as Reconcile does about those of a listing, in any
// order, Ranges of them at once. It costs two requests for each key: for more than a hundredth of
// a catalogue, a listing with a filter is cheaper. A key without a photo is Absent.
func Listed(ctx context.Context, src, dst store.Store, fingerprint string, keys iter.Seq2[queue.Key, error], opts Options) iter.Seq2[Decision, error] {
	return func(yield func(Decision, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		out := make(chan Decision, chunk)
		g, ctx := errgroup.WithContext(ctx)
		r := merge{
			reconciler: newReconciler(src, dst, fingerprint, opts),
			ctx:        ctx,
			yield: func(d Decision) bool {
				select {
				case out <- d:
					return true
				case <-ctx.Done():
					return false
				}
			},
		}
		in := make(chan string)
		g.Go(func() error { return feed(ctx, keys, in) })
		for range max(1, opts.Ranges) {
			g.Go(func() error { return r.each(in) })
		}
		ended := make(chan error, 1)
		go func() {
			ended <- g.Wait()
			close(out)
		}()
		stopped := false
		for d := range out {
			if !stopped && !yield(d, nil) {
				stopped = true
				cancel()
			}
		}
		if err := <-ended; err != nil && !stopped {
			yield(Decision{}, err)
		}
	}
}

// feed hands the keys of a list to those who look at them.
func feed(ctx context.Context, keys iter.Seq2[queue.Key, error], in chan<- string) error {
	defer close(in)
	for key, err := range keys {
		if err != nil {
			return err
		}
		select {
		case in <- string(key):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// each decides about keys until there are no more.
func (r *merge) each(in <-chan string) error {
	for key := range in {
		if !r.opts.Filter.names(key) {
			continue
		}
		if err := r.one(key); err != nil {
			return err
		}
	}
	return nil
}

// one looks a photo up, and its manifest.
func (r *merge) one(key string) error {
	photo, err := r.src.Stat(r.ctx, key)
	if errors.Is(err, store.ErrNotExist) || errors.Is(err, store.ErrName) {
		if !r.yield(Decision{Key: queue.Key(key), State: Absent}) {
			return errStopped
		}
		return nil
	}
	// Of what lies behind a link, or may not be read, the worker says why it is not done.
	if err != nil && !errors.Is(err, store.ErrLink) && !errors.Is(err, store.ErrDenied) {
		return fmt.Errorf("look for %q in %s: %w", key, r.src, err)
	}
	photo.Name = key
	manifest, err := r.dst.Stat(r.ctx, manifests+key)
	switch {
	case errors.Is(err, store.ErrNotExist), errors.Is(err, store.ErrName):
		return r.pass(Decision{State: Missing}, object{key, photo})
	case err != nil && !errors.Is(err, store.ErrLink):
		return fmt.Errorf("look for %q in %s: %w", manifests+key, r.dst, err)
	}
	manifest.Name = manifests + key
	return r.both(object{key, photo}, object{key, manifest})
}
