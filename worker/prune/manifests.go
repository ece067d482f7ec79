package prune

import (
	"context"
	"iter"
	"strings"

	"burnish/worker"
	"burnish/worker/store"
)

// owner is a manifest as it is listed.
type owner struct {
	key string
	store.Attrs
}

// inVariantOrder lists the manifests in the order in which the folders of their variants are
// listed: by the key with a slash at its end. That differs from the order of the keys where one
// key continues another with a byte below the slash: "a" is before "a-b", and "a-b/" before
// "a/". So each key is held back while such continuations come, and what is held at a time are
// the beginnings of one name.
func inVariantOrder(ctx context.Context, st store.Store) iter.Seq2[owner, error] {
	return func(yield func(owner, error) bool) {
		var held []owner // each begins the next
		release := func(next string) bool {
			for len(held) > 0 {
				last := held[len(held)-1]
				if rest, ok := strings.CutPrefix(next, last.key); ok && rest != "" && rest[0] < '/' {
					return true
				}
				held = held[:len(held)-1]
				if !yield(last, nil) {
					return false
				}
			}
			return true
		}
		for a, err := range st.List(ctx, store.Range{Prefix: worker.ManifestPrefix}) {
			if err != nil {
				yield(owner{}, err)
				return
			}
			key := strings.TrimPrefix(a.Name, worker.ManifestPrefix)
			if !release(key) {
				return
			}
			held = append(held, owner{key, a})
		}
		release("")
	}
}

// owners finds the manifests that a variant may belong to, when it is asked about variants in
// the order of their names.
type owners struct {
	next func() (owner, error, bool)
	at   owner
	more bool
	open []owner // those whose folder the last variant was in, the outermost first
}

func newOwners(next func() (owner, error, bool)) (*owners, error) {
	o := &owners{next: next}
	return o, o.advance()
}

func (o *owners) advance() (err error) {
	o.at, err, o.more = o.next()
	return err
}

// of returns the manifests in whose folder a variant stands, given by its name below the folder
// of all variants. The outermost comes first.
func (o *owners) of(name string) ([]owner, error) {
	for len(o.open) > 0 && !strings.HasPrefix(name, o.open[len(o.open)-1].key+"/") {
		o.open = o.open[:len(o.open)-1]
	}
	for o.more && o.at.key+"/" <= name {
		if strings.HasPrefix(name, o.at.key+"/") {
			o.open = append(o.open, o.at)
		}
		if err := o.advance(); err != nil {
			return nil, err
		}
	}
	return o.open, nil
}
