package prune

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"burnish/queue"
	"burnish/worker"
	"burnish/worker/store"
)

// Removed is what became of remains.
type Removed struct {
	Manifests, Variants int64
	Bytes               int64
	Back                int64 // photos that have come back, or were published anew, meanwhile
	Redo                int64 // of them, those that have to be done again
}

// Add adds what became of others.
func (r *Removed) Add(s Removed) {
	r.Manifests += s.Manifests
	r.Variants += s.Variants
	r.Bytes += s.Bytes
	r.Back += s.Back
	r.Redo += s.Redo
}

// Remove deletes what is to go of one photo, each object only if it is still the one that was
// found, and looks before and after whether the photo has come back.
//
// The manifest goes first, then what it names. The other way round, readers would follow a
// manifest to variants that are gone; and a prune that dies in between leaves variants that
// nobody follows and the next prune finds. A worker that publishes the photo meanwhile finds
// either the old manifest, whose deletion then fails on its condition, or none, and makes every
// variant anew, so that their deletion fails.
//
// One worker can be misled: that which has read the old manifest before it went, finds the photo
// back with the very same bytes, and publishes the old variants again. So the manifest is looked
// for once more at the end, and if it names what was deleted it is deleted too: the photo is then
// missing, and the next backfill makes it.
func (p *Pruner) Remove(ctx context.Context, r Remains) (Removed, error) {
	if back, err := p.back(ctx, r); back || err != nil {
		return Removed{Back: 1}, err
	}
	var done Removed
	if r.Manifest.Name != "" {
		gone, err := p.delete(ctx, r.Manifest)
		if err != nil || !gone {
			return Removed{Back: 1}, err
		}
		done.Manifests, done.Bytes = 1, r.Manifest.Size
		if back, err := p.back(ctx, r); back || err != nil {
			done.Back = 1
			return done, err
		}
	}
	deleted := make(map[Object]bool)
	for _, v := range r.Variants {
		gone, err := p.delete(ctx, v)
		if err != nil {
			return done, err
		}
		if gone {
			done.Variants++
			done.Bytes += v.Size
			deleted[Object{Name: v.Name, Generation: v.Generation}] = true
		}
	}
	redo, err := p.undo(ctx, r, deleted)
	done.Back += redo
	done.Redo = redo
	return done, err
}

// back reports whether the remains may be somebody's again.
func (p *Pruner) back(ctx context.Context, r Remains) (bool, error) {
	switch r.Why {
	case SourceGone:
		return exists(ctx, p.Source, string(r.Key))
	case Unpublished:
		return p.anybodys(ctx, string(r.Key))
	}
	named, err := names(ctx, p.Dest, r.Key)
	if named == nil || err != nil {
		return true, err // the manifest is gone or says nothing: the next prune may know more
	}
	return slices.ContainsFunc(r.Variants, func(v Object) bool { return named[v.Name] }), nil
}

// anybodys reports whether there is a photo, or the manifest of one, that variants in a folder
// may belong to.
func (p *Pruner) anybodys(ctx context.Context, folder string) (bool, error) {
	for _, key := range photos(folder) {
		for st, name := range map[store.Store]string{p.Source: key, p.Dest: worker.ManifestName(queue.Key(key))} {
			there, err := exists(ctx, st, name)
			if there || err != nil {
				return there, err
			}
		}
	}
	return false, nil
}

// delete reports whether an object was deleted: it was the one that was found.
func (p *Pruner) delete(ctx context.Context, o Object) (bool, error) {
	err := p.Dest.Delete(ctx, o.Name, store.Condition(o.Generation))
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, store.ErrCondition), errors.Is(err, store.ErrNotExist):
		return false, nil
	}
	return false, fmt.Errorf("delete %s from %s: %w", o.Name, p.Dest, err)
}

// undo deletes a manifest that names what was deleted, and returns how many these were.
func (p *Pruner) undo(ctx context.Context, r Remains, deleted map[Object]bool) (int64, error) {
	m, attrs, err := worker.ReadManifest(ctx, p.Dest, r.Key)
	if err != nil {
		if errors.Is(err, store.ErrNotExist) || errors.Is(err, worker.ErrManifest) {
			return 0, nil
		}
		return 0, fmt.Errorf("look whether %q has come back: %w", r.Key, err)
	}
	for _, v := range m.Variants {
		if deleted[Object{Name: string(v.Path), Generation: v.Generation}] {
			_, err := p.delete(ctx, Object{Name: worker.ManifestName(r.Key), Generation: attrs.Generation})
			return 1, err
		}
	}
	return 0, nil
}
