package prune_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"burnish/queue"
	"burnish/worker"
	"burnish/worker/prune"
	"burnish/worker/store"
	"burnish/worker/store/storetest"
)

const day = 24 * time.Hour

// world is a source and a destination.
type world struct {
	t        *testing.T
	src, dst *hooked
}

// hooked is a store in memory that something happens to before an object is deleted.
type hooked struct {
	*storetest.Memory
	before func(name string)
}

func (h *hooked) Delete(ctx context.Context, name string, cond store.Condition) error {
	if f := h.before; f != nil {
		h.before = nil
		f(name)
	}
	return h.Memory.Delete(ctx, name, cond)
}

func newWorld(t *testing.T) *world {
	return &world{t, &hooked{Memory: storetest.NewMemory()}, &hooked{Memory: storetest.NewMemory()}}
}

func (w *world) pruner() *prune.Pruner {
	return &prune.Pruner{Source: w.src, Dest: w.dst, MinAge: day}
}

// photo uploads one.
func (w *world) photo(key string) { w.src.Put(store.Attrs{Name: key}, []byte("photo")) }

// origin is what manifests and variants are marked with.
func origin(generation int64) map[string]string {
	return map[string]string{"generation": fmt.Sprint(generation), "fingerprint": "0123456789abcdef"}
}

// variant writes one of so many days, made from a generation of the photo, and returns it.
func (w *world) variant(name string, age int, generation int64) worker.PublishedVariant {
	name = "variants/" + name
	w.dst.Put(store.Attrs{Name: name, Size: 7, Updated: time.Now().Add(-time.Duration(age)*day - time.Hour), Metadata: origin(generation)}, []byte("variant"))
	a, _ := w.dst.Object(name)
	return worker.PublishedVariant{Path: queue.Key(name), Bytes: 7, Generation: a.Generation}
}

// manifest publishes a photo as made from a generation.
func (w *world) manifest(key string, generation int64, variants ...worker.PublishedVariant) {
	data, err := json.Marshal(worker.Manifest{Version: 1, Key: queue.Key(key), Generation: generation, Variants: variants})
	if err != nil {
		w.t.Fatal(err)
	}
	w.dst.Put(store.Attrs{Name: "manifests/" + key, Size: int64(len(data)), Metadata: origin(generation)}, data)
}

func (w *world) names() (names []string) {
	for a := range w.dst.List(w.t.Context(), store.Range{}) {
		names = append(names, a.Name)
	}
	return names
}

// list returns what is to go, an object a line.
func (w *world) list() (lines []string) {
	w.t.Helper()
	var seen prune.Seen
	for r, err := range w.pruner().Walk(w.t.Context(), &seen) {
		if err != nil {
			w.t.Fatal(err)
		}
		if r.Manifest.Name != "" {
			lines = append(lines, fmt.Sprintf("%s: %s of %s", r.Why, r.Manifest.Name, r.Key))
		}
		for _, v := range r.Variants {
			lines = append(lines, fmt.Sprintf("%s: %s of %s", r.Why, v.Name, r.Key))
		}
	}
	slices.Sort(lines)
	return lines
}

func TestWalk(t *testing.T) {
	w := newWorld(t)
	w.photo("kept.jpg")
	w.manifest("kept.jpg", 1, w.variant("kept.jpg/320.jpg", 9, 1), w.variant("kept.jpg/0123456789abcdef/320.jpg", 9, 1))
	w.variant("kept.jpg/640.jpg", 9, 7)                  // an earlier photo's
	w.variant("kept.jpg/960.jpg", 0, 7)                  // an hour old
	w.variant("kept.jpg/fedcba9876543210/320.jpg", 9, 7) // an earlier recipe's
	w.photo("renewed.jpg")
	w.manifest("renewed.jpg", 2, w.variant("renewed.jpg/320.jpg", 9, 1)) // of the same bytes
	w.manifest("gone.jpg", 1, w.variant("gone.jpg/320.jpg", 0, 1))
	w.photo("begun.jpg")
	w.variant("begun.jpg/320.jpg", 9, 1) // no manifest yet
	w.variant("left.jpg/320.jpg", 9, 1)
	w.variant("left.jpg/0123456789abcdef/320.jpg", 9, 1)
	w.variant("young.jpg/320.jpg", 0, 1)
	w.photo("odd")
	w.dst.Put(store.Attrs{Name: "manifests/odd"}, []byte("no manifest"))
	w.variant("odd/320.jpg", 9, 1) // who knows
	want := []string{
		"neither photo nor manifest: variants/left.jpg/0123456789abcdef/320.jpg of left.jpg/0123456789abcdef",
		"neither photo nor manifest: variants/left.jpg/320.jpg of left.jpg",
		"not in the manifest: variants/kept.jpg/640.jpg of kept.jpg",
		"not in the manifest: variants/kept.jpg/fedcba9876543210/320.jpg of kept.jpg",
		"source gone: manifests/gone.jpg of gone.jpg",
		"source gone: variants/gone.jpg/320.jpg of gone.jpg",
	}
	if d := cmp.Diff(want, w.list()); d != "" {
		t.Errorf("to go (-want +got):\n%s", d)
	}
	before := w.names()
	var done prune.Removed
	var seen prune.Seen
	for r, err := range w.pruner().Walk(t.Context(), &seen) {
		if err != nil {
			t.Fatal(err)
		}
		one, err := w.pruner().Remove(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		done.Add(one)
	}
	if seen.Manifests != 4 || done.Manifests != 1 || done.Variants != 5 || done.Back != 0 {
		t.Errorf("seen %+v, removed %+v", seen, done)
	}
	if n := len(before) - len(w.names()); n != len(want) {
		t.Errorf("%d objects less, want %d", n, len(want))
	}
	if left := w.list(); len(left) != 0 {
		t.Errorf("left to go: %q", left)
	}
}

// TestWalkAgainstModel gives keys that sort around each other's folders a random world, in which
// every variant is judged by itself.
func TestWalkAgainstModel(t *testing.T) {
	const fp = "0123456789abcdef"
	keys := []string{"a", "a!", "a!/b", "a-b", "a-b-c", "a/b", "a/" + fp, "a/b/c", "a0", "b", "\xff", "a!b", "a.b/x", "a.b"}
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		coin := func() bool { return random.IntN(2) == 0 }
		w := newWorld(t)
		photo, manifest, namer := make(map[string]bool), make(map[string]bool), make(map[string]string)
		var variants []string
		for _, key := range keys {
			if photo[key] = coin(); photo[key] {
				w.photo(key)
			}
			var list []worker.PublishedVariant
			manifest[key] = coin()
			for _, tail := range []string{"/320.jpg", "/" + fp + "/320.jpg"} {
				name := key + tail
				if !coin() || slices.Contains(variants, name) {
					continue
				}
				variants = append(variants, name)
				v := w.variant(name, 9, random.Int64N(3))
				if manifest[key] && coin() {
					list, namer[name] = append(list, v), key
				}
			}
			if manifest[key] {
				w.manifest(key, 3, list...)
			}
		}
		want := make(map[string]bool)
		for _, name := range variants {
			folder := name[:strings.LastIndexByte(name, '/')]
			owners := []string{folder}
			if outer, ok := strings.CutSuffix(folder, "/"+fp); ok {
				owners = append(owners, outer)
			}
			published := slices.ContainsFunc(owners, func(key string) bool { return manifest[key] })
			uploaded := slices.ContainsFunc(owners, func(key string) bool { return photo[key] })
			if by, ok := namer[name]; ok {
				want["variants/"+name] = !photo[by]
			} else {
				want["variants/"+name] = published || !uploaded
			}
		}
		for key := range manifest {
			want["manifests/"+key] = manifest[key] && !photo[key]
		}
		maps.DeleteFunc(want, func(_ string, goes bool) bool { return !goes })
		got := make(map[string]bool)
		for _, l := range w.list() {
			_, l, _ = strings.Cut(l, ": ")
			l, _, _ = strings.Cut(l, " of ")
			got[l] = true
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, d)
		}
	}
}

// TestPhotoComesBack has the photo come back at each moment of its removal.
func TestPhotoComesBack(t *testing.T) {
	republish := func(w *world) {
		w.photo("k")
		w.manifest("k", 2, w.variant("k/320.jpg", 0, 2))
	}
	renew := func(w *world) { // what a worker does that has read the old manifest
		a, _ := w.dst.Object("variants/k/320.jpg")
		if a.Generation == 0 {
			a.Generation = 1002 // it was there when the worker looked
		}
		w.photo("k")
		w.manifest("k", 2, worker.PublishedVariant{Path: "variants/k/320.jpg", Bytes: 7, Generation: a.Generation})
	}
	cases := []struct {
		name   string
		at     string // before this is deleted; "" before anything is
		happen func(*world)
		want   []string
		redo   int64
	}{
		{"uploaded before", "", func(w *world) { w.photo("k") }, []string{"manifests/k", "variants/k/320.jpg", "variants/k/640.jpg"}, 0},
		{"uploaded after a look", "manifests/k", func(w *world) { w.photo("k") }, []string{"variants/k/320.jpg", "variants/k/640.jpg"}, 0},
		{"republished after a look", "manifests/k", republish, []string{"manifests/k", "variants/k/320.jpg"}, 0}, // the other is unnamed by then
		{"republished after its manifest went", "variants/k/320.jpg", republish, []string{"manifests/k", "variants/k/320.jpg"}, 0},
		{"renewed after its manifest went", "variants/k/320.jpg", renew, nil, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.manifest("k", 1, w.variant("k/320.jpg", 9, 1), w.variant("k/640.jpg", 9, 1))
			var seen prune.Seen
			for r, err := range w.pruner().Walk(t.Context(), &seen) {
				if err != nil {
					t.Fatal(err)
				}
				var hook func(string)
				hook = func(name string) {
					if name != c.at {
						w.dst.before = hook
						return
					}
					c.happen(w)
				}
				if c.at == "" {
					c.happen(w)
				} else {
					w.dst.before = hook
				}
				done, err := w.pruner().Remove(t.Context(), r)
				if err != nil || done.Redo != c.redo {
					t.Errorf("%+v, %v", done, err)
				}
			}
			if d := cmp.Diff(c.want, w.names()); d != "" {
				t.Errorf("left (-want +got):\n%s", d)
			}
		})
	}
}
