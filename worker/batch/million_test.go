package batch_test

import (
	"context"
	"fmt"
	"iter"
	"sort"
	"strings"
	"testing"

	"burnish/queue"
	"burnish/worker/batch"
	"burnish/worker/store"
)

// million is how many keys share a prefix.
const million = 1_000_000

// shared is the prefix.
const shared = "catalogue/2026/写真/"

// generated lists a million keys, or their manifests, without holding them. Every third manifest is
// missing and every fifth is of an old recipe.
type generated struct {
	store.Store
	manifests bool
}

func (g generated) String() string { return "generated" }

func (g generated) List(_ context.Context, r store.Range) iter.Seq2[store.Attrs, error] {
	folder := shared
	if g.manifests {
		folder = "manifests/" + shared
	}
	name := func(i int) string { return fmt.Sprintf("%s%07d.jpg", folder, i) }
	first := sort.Search(million, func(i int) bool { return name(i) >= max(r.From, r.Prefix) })
	return func(yield func(store.Attrs, error) bool) {
		for i := first; i < million; i++ {
			a := store.Attrs{Name: name(i), Generation: 1, Size: 5}
			if r.To != "" && a.Name >= r.To || !strings.HasPrefix(a.Name, r.Prefix) {
				return
			}
			if g.manifests && i%3 == 0 {
				continue
			}
			if g.manifests {
				fingerprint := current
				if i%5 == 0 {
					fingerprint = "old"
				}
				a.Metadata = origin(1, fingerprint)
			}
			if !yield(a, nil) {
				return
			}
		}
	}
}

// Each of a million keys that share a prefix is decided about once, and rightly.
func TestMillionKeysShareAPrefix(t *testing.T) {
	seen := make([]bool, million)
	n := 0
	src, dst := generated{}, generated{manifests: true}
	for d, err := range batch.Reconcile(t.Context(), src, dst, current, batch.Options{Filter: batch.Filter{Prefix: queue.Key(shared)}, Ranges: 4}) {
		if err != nil {
			t.Fatal(err)
		}
		var i int
		if _, err := fmt.Sscanf(strings.TrimPrefix(string(d.Key), shared), "%07d.jpg", &i); err != nil || i >= million || seen[i] {
			t.Fatalf("%q, seen before or not listed: %v", d.Key, err)
		}
		seen[i] = true
		n++
		want := batch.Fresh
		switch {
		case i%3 == 0:
			want = batch.Missing
		case i%5 == 0:
			want = batch.Stale
		}
		if d.State != want {
			t.Fatalf("%s is %s, want %s", d.Key, d.State, want)
		}
	}
	if n != million {
		t.Errorf("%d decisions", n)
	}
}
