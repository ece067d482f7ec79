package batch_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"burnish/worker/batch"
	"burnish/worker/store"
	"burnish/worker/store/storetest"
)

// many are key spaces that catalogues have. Each makes about n keys, in any order.
var many = []struct {
	name string
	keys func(n int) []string
}{
	{"numbers", func(n int) []string { return each(n, func(i int) string { return fmt.Sprintf("item-%09d.jpg", i) }) }},
	{"numbers without leading zeros", func(n int) []string { return each(n, func(i int) string { return fmt.Sprint(i, ".jpg") }) }},
	{"hashes", func(n int) []string {
		return each(n, func(i int) string {
			return fmt.Sprintf("photos/%x", sha256.Sum256([]byte{byte(i), byte(i >> 8), byte(i >> 16)}))
		})
	}},
	{"days", func(n int) []string {
		return each(n, func(i int) string { return fmt.Sprintf("shop/2026-%02d/%02d/%06d.jpg", 1+i%11, 1+i/11%28, i) })
	}},
	{"one large folder among small ones", func(n int) []string {
		return each(n, func(i int) string {
			if i%1000 == 0 {
				return fmt.Sprintf("%c/only", 'a'+i/1000%26)
			}
			return fmt.Sprintf("hats/all/%06d", i)
		})
	}},
	{"around each other's prefixes", func(n int) []string {
		return each(n, func(i int) string {
			s := fmt.Sprintf("a%06d", i/5)
			return s + []string{"", "!", "/b", "/b!", "0"}[i%5]
		})
	}},
	{"not ASCII", func(n int) []string {
		return each(n, func(i int) string {
			return fmt.Sprintf("写真/%c/%c%06d.jpg", []rune("あ永é🦔z")[i%5], rune(0xd7f0+i%50*0x50), i)
		})
	}},
	{"not UTF-8", func(n int) []string {
		return each(n, func(i int) string { return fmt.Sprintf("a/\xff%c%06d", rune('a'+i%26), i) })
	}},
}

// each returns n keys, sorted.
func each(n int, key func(int) string) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = strings.ToValidUTF8(key(i), "\xff")
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// spans counts how often the manifests of a store are listed: once in each range.
type spans struct {
	*storetest.Memory
	n atomic.Int32
}

func (s *spans) List(ctx context.Context, r store.Range) iter.Seq2[store.Attrs, error] {
	s.n.Add(1)
	return s.Memory.List(ctx, r)
}

// TestRanges compares a walk in ranges with one in order.
func TestRanges(t *testing.T) {
	for _, c := range many {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			src, dst := storetest.NewMemory(), &spans{Memory: storetest.NewMemory()}
			for i, key := range c.keys(25_000) {
				if i%7 > 0 {
					src.Put(store.Attrs{Name: key, Generation: 1, Size: 5}, nil)
				}
				if i%3 > 0 {
					dst.Put(store.Attrs{Name: "manifests/" + key, Generation: 9, Metadata: origin(int64(1+i%2), current)}, nil)
				}
			}
			want := decisions(t, batch.Reconcile(t.Context(), src, dst, current, batch.Options{}))
			dst.n.Store(0)
			got := decisions(t, batch.Reconcile(t.Context(), src, dst, current, batch.Options{Ranges: 8}))
			slices.SortFunc(got, func(a, b batch.Decision) int { return strings.Compare(string(a.Key), string(b.Key)) })
			if !slices.Equal(want, got) {
				t.Errorf("decisions (-in order +in ranges):\n%.2000s", gocmp.Diff(want, got))
			}
			if n := dst.n.Load(); n < 2 && c.name != "not UTF-8" {
				t.Errorf("%d range", n)
			}
		})
	}
}

// TestRangesWhileTheCatalogueChanges holds the walk to what it promises then: a photo that is
// left alone is decided about once and rightly, and no other one twice.
func TestRangesWhileTheCatalogueChanges(t *testing.T) {
	src, dst := storetest.NewMemory(), storetest.NewMemory()
	for i := range 40_000 {
		key := fmt.Sprintf("p/%06d", i)
		src.Put(store.Attrs{Name: key, Generation: 1}, nil)
		if i%2 == 0 {
			dst.Put(store.Attrs{Name: "manifests/" + key, Generation: 9, Metadata: origin(1, current)}, nil)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	changed := make(chan struct{})
	go func() { // touches keys that end with 9 or with a letter
		defer close(changed)
		rng := rand.New(rand.NewPCG(3, 4))
		for ctx.Err() == nil {
			n := rng.IntN(4000)
			_ = src.Delete(context.Background(), fmt.Sprintf("p/%05d9", n), store.Any)
			src.Put(store.Attrs{Name: fmt.Sprintf("p/%05dx", n), Generation: 3}, nil)
			dst.Put(store.Attrs{Name: fmt.Sprintf("manifests/p/%05dx", n), Generation: 3, Metadata: origin(3, current)}, nil)
		}
	}()
	seen := make(map[string]batch.PhotoState)
	for d, err := range batch.Reconcile(t.Context(), src, dst, current, batch.Options{Ranges: 8}) {
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := seen[string(d.Key)]; twice {
			t.Errorf("%s is decided about twice", d.Key)
		}
		seen[string(d.Key)] = d.State
	}
	stop()
	<-changed
	for i := range 40_000 {
		want := batch.Missing
		if i%2 == 0 {
			want = batch.Fresh
		}
		if key := fmt.Sprintf("p/%06d", i); i%10 != 9 && seen[key] != want {
			t.Fatalf("%s is %q, want %q", key, seen[key], want)
		}
	}
}

func TestRangesStop(t *testing.T) {
	fill := func() (src *memory) {
		src = newMemory()
		for i := range 30_000 {
			src.put(store.Attrs{Name: fmt.Sprintf("%06d", i), Generation: 1})
		}
		return src
	}
	t.Run("when asked", func(t *testing.T) {
		n := 0
		for range batch.Reconcile(t.Context(), fill(), newMemory(), current, batch.Options{Ranges: 8}) {
			if n++; n == 15_000 {
				break
			}
		}
		if n != 15_000 {
			t.Errorf("%d decisions", n)
		}
	})
	t.Run("at an error", func(t *testing.T) {
		src := fill()
		src.failAt = "028000"
		var last error
		for _, err := range batch.Reconcile(t.Context(), src, newMemory(), current, batch.Options{Ranges: 8}) {
			if last != nil {
				t.Fatalf("it goes on after %v", last)
			}
			last = err
		}
		if !errors.Is(last, store.ErrUnavailable) {
			t.Errorf("got %v", last)
		}
	})
	t.Run("when it is cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var last error
		for _, err := range batch.Reconcile(ctx, fill(), newMemory(), current, batch.Options{Ranges: 8}) {
			cancel()
			last = err
		}
		if !errors.Is(last, context.Canceled) {
			t.Errorf("got %v", last)
		}
	})
}
