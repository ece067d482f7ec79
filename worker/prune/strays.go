package prune

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"burnish/queue"
	"burnish/worker"
	"burnish/worker/store"
)

// fingerprint is what the folder of a variant may be called below that of its photo.
var fingerprint = regexp.MustCompile(`^[0-9a-f]{16}$`)

// strays walks variants and manifests side by side for variants that no manifest names.
func (p *Pruner) strays(ctx context.Context, seen *Seen) iter.Seq2[Remains, error] {
	return func(yield func(Remains, error) bool) {
		next, stop := iter.Pull2(inVariantOrder(ctx, p.Dest))
		defer stop()
		s := search{Pruner: p, ctx: ctx, before: time.Now().Add(-p.MinAge)}
		var err error
		if s.owners, err = newOwners(next); err != nil {
			yield(Remains{}, err)
			return
		}
		var group Remains // of the photo that the walk is at
		for a, err := range p.Dest.List(ctx, store.Range{Prefix: worker.VariantPrefix}) {
			var key string
			var why Why
			if err == nil {
				seen.Variants++
				key, why, err = s.judge(a)
			}
			if err != nil {
				yield(Remains{}, err)
				return
			}
			if len(group.Variants) > 0 && key != string(group.Key) {
				if !yield(group, nil) {
					return
				}
				group = Remains{}
			}
			if why != "" {
				group.Key, group.Why = queue.Key(key), why
				group.Variants = append(group.Variants, Object{a.Name, a.Size, a.Generation})
			}
		}
		if len(group.Variants) > 0 {
			yield(group, nil)
		}
	}
}

// search is what the walk over variants knows.
type search struct {
	*Pruner
	ctx    context.Context
	before time.Time // what is younger stays
	owners *owners

	read  string          // the key whose manifest was read last
	named map[string]bool // what it names; nil where it cannot be understood
	asked string          // the folder about which the source was asked last
	alive bool            // what it said
}

// judge says which photo a variant belongs to, and why it is to go; "" where it stays.
func (s *search) judge(a store.Attrs) (key string, why Why, err error) {
	name := strings.TrimPrefix(a.Name, worker.VariantPrefix)
	folder := path.Dir(name)
	all, err := s.owners.of(name)
	if err != nil {
		return "", "", err
	}
	for _, m := range all {
		if !slices.Contains(photos(folder), m.key) {
			continue
		}
		key = m.key
		if stays, err := s.stays(a, m); stays || err != nil {
			return key, "", err
		}
	}
	switch {
	case a.Updated.After(s.before):
		return folder, "", nil
	case key != "":
		return key, Unnamed, nil
	}
	if alive, err := s.sourceOf(folder); alive || err != nil {
		return folder, "", err
	}
	return folder, Unpublished, nil
}

// stays reports whether a variant is named by a manifest. One that was made for the same bytes
// by the same recipe is: otherwise the manifest is read.
func (s *search) stays(a store.Attrs, m owner) (bool, error) {
	if len(a.Metadata) > 0 && maps.Equal(a.Metadata, m.Metadata) {
		return true, nil
	}
	if s.read != m.key || s.named == nil {
		names, err := names(s.ctx, s.Dest, queue.Key(m.key))
		if err != nil {
			return false, err
		}
		s.read, s.named = m.key, names
	}
	return s.named == nil || s.named[a.Name], nil
}

// names reads what a manifest names; nil where it cannot be understood, or is gone by now.
func names(ctx context.Context, st store.Store, key queue.Key) (map[string]bool, error) {
	m, _, err := worker.ReadManifest(ctx, st, key)
	switch {
	case errors.Is(err, worker.ErrManifest), errors.Is(err, store.ErrNotExist), errors.Is(err, store.ErrLink):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read the manifest of %q: %w", key, err)
	}
	named := make(map[string]bool)
	for _, v := range m.Variants {
		named[string(v.Path)] = true
	}
	return named, nil
}

// sourceOf reports whether there is a photo that variants in a folder may belong to: it is
// about to be published then, or has failed. Where that is denied, there may be.
func (s *search) sourceOf(folder string) (bool, error) {
	if s.asked == folder {
		return s.alive, nil
	}
	for _, key := range photos(folder) {
		alive, err := exists(s.ctx, s.Source, key)
		if err != nil {
			return false, err
		}
		if s.asked, s.alive = folder, alive; alive {
			break
		}
	}
	return s.alive, nil
}

// photos are the keys to which variants in a folder may belong.
func photos(folder string) []string {
	if fingerprint.MatchString(path.Base(folder)) {
		return []string{folder, path.Dir(folder)}
	}
	return []string{folder}
}

// exists reports whether a photo may be there.
func exists(ctx context.Context, st store.Store, key string) (bool, error) {
	_, err := st.Stat(ctx, key)
	switch {
	case err == nil, errors.Is(err, store.ErrDenied), errors.Is(err, store.ErrLink):
		return true, nil
	case errors.Is(err, store.ErrNotExist), errors.Is(err, store.ErrName):
		return false, nil
	}
	return false, fmt.Errorf("look for %q in %s: %w", key, st, err)
}
