package worker

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"burnish/worker/store"
)

// A manifest that was renewed names variants that were written for an older generation, so their
// storage generations do not keep a worker out that has read that older manifest: one that is
// late with the photo as it was in between overwrites them before it finds itself superseded,
// or dies in the middle of it. Its job comes to know: it goes on after the loss, or is delivered again.
// That is when variants are looked at.

// intact reports whether the variants that a manifest names stand there as it says.
func (w *Worker) intact(ctx context.Context, m Manifest) (bool, error) {
	var damaged atomic.Bool
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(writers)
	for _, v := range m.Variants {
		g.Go(func() error {
			there, err := w.Dest.Stat(ctx, string(v.Path))
			switch {
			case errors.Is(err, store.ErrNotExist), errors.Is(err, store.ErrLink):
				damaged.Store(true)
			case err != nil:
				return fmt.Errorf("look at %s: %w", v.Path, destination(err))
			case there.Generation != v.Generation || there.Size != v.Bytes:
				damaged.Store(true)
			}
			return nil
		})
	}
	err := g.Wait()
	return !damaged.Load(), err
}

// giveWay is the end of a worker that found itself superseded after it had begun to write. When
// a manifest has been written since it looked, it may have overwritten what that names, and
// returns an error that has the photo tried again.
func (w *Worker) giveWay(ctx context.Context, p *photo, superseded error) error {
	m, there, err := ReadManifest(ctx, w.Dest, p.Key)
	switch {
	case errors.Is(err, store.ErrNotExist), err == nil && there.Generation == p.manifest.Generation:
		return superseded // whoever is newer writes everything anew
	case err != nil:
		return fmt.Errorf("read the newer manifest: %w", destination(err))
	}
	intact, err := w.intact(ctx, m)
	switch {
	case err != nil:
		return err
	case intact:
		return superseded
	}
	return fmt.Errorf("%w: variants that a newer manifest names were overwritten", store.ErrCondition)
}
