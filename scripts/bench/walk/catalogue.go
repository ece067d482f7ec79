package main

import (
	"context"
	"iter"
	"sort"
	"strconv"
	"strings"

	"burnish/worker/store"
)

// State of a generated photo.
const (
	missing = iota
	stale
	fresh
)

const fingerprint = "f00d"

// stateOf says how the photo of a number stands: of a hundred, one has no manifest and one an
// old one.
func stateOf(i int) int {
	switch i % 100 {
	case 17:
		return missing
	case 71:
		return stale
	}
	return fresh
}

// expected counts the states of the first n photos.
func expected(n int) (states [3]int) {
	for i := range 100 {
		states[stateOf(i)] += n / 100
		if i < n%100 {
			states[stateOf(i)]++
		}
	}
	return states
}

// catalogue is the photos of the numbers below n, or their manifests, none of which takes
// memory. It can only be listed.
type catalogue struct {
	store.Store // nil
	n           int
	published   bool // manifests instead of photos
}

var _ store.Store = catalogue{}

func (c catalogue) String() string { return "generated" }

// Manifests share their metadata.
var (
	current = map[string]string{"generation": "1", "fingerprint": fingerprint}
	old     = map[string]string{"generation": "1", "fingerprint": "0ld"}
)

// List makes the objects up as they are asked for.
func (c catalogue) List(ctx context.Context, r store.Range) iter.Seq2[store.Attrs, error] {
	return func(yield func(store.Attrs, error) bool) {
		for i := c.at(max(r.From, r.Prefix)); i < c.n; i++ {
			if c.published && stateOf(i) == missing {
				continue
			}
			a := c.attrs(i)
			if !r.Has(a.Name) || !yield(a, ctx.Err()) {
				return
			}
		}
	}
}

// at is the number of the first object that is named so or later.
func (c catalogue) at(name string) int {
	return sort.Search(c.n, func(i int) bool { return c.name(i) >= name })
}

func (c catalogue) attrs(i int) store.Attrs {
	a := store.Attrs{Name: c.name(i), Size: 2000, Generation: 1}
	if c.published {
		a.Metadata = current
		if stateOf(i) == stale {
			a.Metadata = old
		}
	}
	return a
}

// digits of a number in a name.
const digits = 9

func (c catalogue) name(i int) string {
	var buf [64]byte
	b := buf[:0]
	if c.published {
		b = append(b, "manifests/"...)
	}
	b = append(b, "shop/photos/"...)
	number := strconv.Itoa(i)
	b = append(b, strings.Repeat("0", digits)[:digits-len(number)]...)
	b = append(b, number...)
	b = append(b, ".jpg"...)
	return string(b)
}
