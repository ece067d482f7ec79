package prune

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"burnish/worker"
	"burnish/worker/batch"
	"burnish/worker/store"
)

// orphans walks photos and manifests side by side for manifests whose photo is gone. The
// fingerprint does not matter to that.
func (p *Pruner) orphans(ctx context.Context, seen *Seen) iter.Seq2[Remains, error] {
	return func(yield func(Remains, error) bool) {
		for d, err := range batch.Reconcile(ctx, p.Source, p.Dest, "", batch.Options{}) {
			if err != nil {
				yield(Remains{}, err)
				return
			}
			if d.State == batch.Missing {
				continue
			}
			seen.Manifests++
			if d.State != batch.Orphan {
				continue
			}
			r, err := p.orphan(ctx, d)
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// orphan gathers what a manifest names. One that cannot be understood names nothing: it goes
// alone, and its variants as unpublished ones when their time has come.
func (p *Pruner) orphan(ctx context.Context, d batch.Decision) (Remains, error) {
	r := Remains{Key: d.Key, Why: SourceGone, Manifest: Object{Name: worker.ManifestName(d.Key), Generation: d.Manifest}}
	m, attrs, err := worker.ReadManifest(ctx, p.Dest, d.Key)
	r.Manifest.Size = attrs.Size
	switch {
	case errors.Is(err, worker.ErrManifest), errors.Is(err, store.ErrNotExist), errors.Is(err, store.ErrLink):
		return r, nil
	case err != nil:
		return r, fmt.Errorf("read the manifest of %q: %w", d.Key, err)
	}
	for _, v := range m.Variants {
		r.Variants = append(r.Variants, Object{string(v.Path), v.Bytes, v.Generation})
	}
	return r, nil
}
