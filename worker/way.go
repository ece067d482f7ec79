package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"burnish/queue"
	"burnish/worker/store"
)

// makeWay removes what keeps a folder from holding a name: a file where the name needs a
// folder, or files below the name itself. That happens when a photo a.jpg has become a folder
// a.jpg/ of photos, or the reverse. Only what belongs to photos that are gone is removed;
// anything else is an error that names it. Finding nothing is none: another photo of the same
// folder may have made way already.
func (w *Worker) makeWay(ctx context.Context, name string) error {
	for i := range len(name) {
		if name[i] != '/' {
			continue
		}
		if _, err := w.Dest.Stat(ctx, name[:i]); err == nil {
			return w.removeOrphan(ctx, name[:i], name)
		}
	}
	for a, err := range w.Dest.List(ctx, store.Range{Prefix: name + "/"}) {
		if err == nil {
			err = w.removeOrphan(ctx, a.Name, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// removeOrphan deletes an object of a photo that is gone. With a manifest go, after it, the
// variants that only it names.
func (w *Worker) removeOrphan(ctx context.Context, name, wanted string) error {
	orphan, err := w.orphan(ctx, name)
	if err != nil {
		return err
	}
	if !orphan {
		return fmt.Errorf("%w while %q of %s stands in its way, whose photo may still be there: rename one of the two photos, or delete it",
			store.ErrName, name, w.Dest)
	}
	key, isManifest := strings.CutPrefix(name, ManifestPrefix)
	var m Manifest // stays empty when it cannot be read, and its variants stay too
	if isManifest {
		m, _, _ = ReadManifest(ctx, w.Dest, queue.Key(key))
	}
	w.Log.Info("orphan is removed", "object", name, "for", wanted)
	if err := w.Dest.Delete(ctx, name, store.Any); err != nil {
		return err
	}
	for _, v := range m.Variants {
		if !strings.HasPrefix(string(v.Path), VariantPrefix+key+"/") || v.Generation <= 0 {
			continue // the manifest was tampered with
		}
		err := w.Dest.Delete(ctx, string(v.Path), store.Condition(v.Generation))
		if err != nil && !errors.Is(err, store.ErrCondition) {
			return err
		}
	}
	return nil
}

// orphan reports whether an object belongs to no photo that is there. A variant's name does
// not tell where its key ends, so none of the keys that it can have may be there.
func (w *Worker) orphan(ctx context.Context, name string) (bool, error) {
	if key, ok := strings.CutPrefix(name, ManifestPrefix); ok {
		return w.gone(ctx, key)
	}
	rest, ok := strings.CutPrefix(name, VariantPrefix)
	if !ok || !strings.Contains(rest, "/") {
		return false, nil
	}
	for i := range len(rest) {
		if rest[i] != '/' {
			continue
		}
		if gone, err := w.gone(ctx, rest[:i]); !gone {
			return false, err
		}
	}
	return true, nil
}

// gone reports whether a photo is certainly not there.
func (w *Worker) gone(ctx context.Context, key string) (bool, error) {
	_, err := w.Source.Stat(ctx, key)
	switch {
	case err == nil, errors.Is(err, store.ErrDenied), errors.Is(err, store.ErrLink):
		return false, nil
	case errors.Is(err, store.ErrNotExist), errors.Is(err, store.ErrName):
		return true, nil
	}
	return false, fmt.Errorf("look for %q in %s: %w", key, w.Source, err)
}
