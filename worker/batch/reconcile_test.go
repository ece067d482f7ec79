package batch_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"burnish/queue"
	"burnish/worker/batch"
	"burnish/worker/store"
)

const current = "f00d"

// origin is the metadata of a manifest.
func origin(generation int64, fingerprint string) map[string]string {
	return map[string]string{"generation": strconv.FormatInt(generation, 10), "fingerprint": fingerprint}
}

// photos puts photos of generation 1 into a new store, 100 bytes for the first and so on.
func photos(keys ...string) *memory {
	m := newMemory()
	for i, k := range keys {
		m.put(store.Attrs{Name: k, Generation: 1, Size: int64(100 + i)})
	}
	return m
}

func published(m *memory, key string, metadata map[string]string) {
	m.put(store.Attrs{Name: "manifests/" + key, Generation: 9, Metadata: metadata})
}

func decisions(t *testing.T, it iter.Seq2[batch.Decision, error]) []batch.Decision {
	t.Helper()
	var all []batch.Decision
	for d, err := range it {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	return all
}

func TestReconcile(t *testing.T) {
	src := photos("changed", "fresh", "missing", "old recipe", "shoes/", "unreadable")
	dst := newMemory()
	published(dst, "changed", origin(2, "other"))
	published(dst, "fresh", origin(1, current))
	published(dst, "gone", origin(1, current))
	published(dst, "old recipe", origin(1, "other"))
	published(dst, "shoes/", nil)
	published(dst, "unreadable", nil)
	dst.put(store.Attrs{Name: "variants/fresh/320.jpg", Generation: 1})
	got := decisions(t, batch.Reconcile(t.Context(), src, dst, current, batch.Options{}))
	want := []batch.Decision{
		{Key: "changed", State: batch.Stale, Why: batch.NewGeneration, Generation: 1, Bytes: 100, Manifest: 9},
		{Key: "fresh", State: batch.Fresh, Generation: 1, Bytes: 101, Manifest: 9},
		{Key: "gone", State: batch.Orphan, Manifest: 9},
		{Key: "missing", State: batch.Missing, Generation: 1, Bytes: 102},
		{Key: "old recipe", State: batch.Stale, Why: batch.NewRecipe, Generation: 1, Bytes: 103, Manifest: 9},
		{Key: "unreadable", State: batch.Stale, Why: batch.Unreadable, Generation: 1, Bytes: 105, Manifest: 9},
	}
	if d := gocmp.Diff(want, got); d != "" {
		t.Errorf("decisions (-want +got):\n%s", d)
	}
}

func TestReconcilePrefix(t *testing.T) {
	src := photos("a", "hats/1", "shoes", "shoes/1", "shoes2", "z")
	dst := newMemory()
	published(dst, "a", nil)
	published(dst, "shoes/1", origin(1, current))
	published(dst, "shoes/2", origin(1, current))
	published(dst, "z", nil)
	var got []string
	for _, d := range decisions(t, batch.Reconcile(t.Context(), src, dst, current, batch.Options{Filter: batch.Filter{Prefix: "shoes/"}})) {
		got = append(got, fmt.Sprint(d.Key, " ", d.State))
	}
	if d := gocmp.Diff([]string{"shoes/1 fresh", "shoes/2 orphan"}, got); d != "" {
		t.Errorf("decisions (-want +got):\n%s", d)
	}
}

func TestLostMetadata(t *testing.T) {
	trouble := errors.New("disk on fire")
	cases := []struct {
		name   string
		listed map[string]string
		body   map[string]string
		err    error
		state  batch.PhotoState
		why    batch.Why
		asked  bool
	}{
		{"not lost", origin(1, current), nil, trouble, batch.Fresh, "", false},
		{"fresh", nil, origin(1, current), nil, batch.Fresh, "", true},
		{"stale", nil, origin(1, "other"), nil, batch.Stale, batch.NewRecipe, true},
		{"of something else", map[string]string{"note": "mine"}, origin(2, current), nil, batch.Stale, batch.NewGeneration, true},
		{"half", map[string]string{"generation": "1"}, origin(1, current), nil, batch.Fresh, "", true},
		{"no number", map[string]string{"generation": "1x", "fingerprint": current}, origin(1, current), nil, batch.Fresh, "", true},
		{"generation 0", origin(0, current), origin(1, current), nil, batch.Fresh, "", true},
		{"body says nothing", nil, nil, nil, batch.Stale, batch.Unreadable, true},
		{"vanished", nil, nil, store.ErrNotExist, batch.Missing, "", true},
		{"a link", nil, nil, fmt.Errorf("manifests/k: %w", store.ErrLink), batch.Stale, batch.Unreadable, true},
		{"cannot be read", nil, nil, trouble, "", "", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			src, dst := photos("k"), newMemory()
			published(dst, "k", c.listed)
			asked := false
			body := func(_ context.Context, _ store.Store, name string) (map[string]string, error) {
				asked = true
				if name != "manifests/k" {
					t.Errorf("asked for %s", name)
				}
				return c.body, c.err
			}
			for d, err := range batch.Reconcile(t.Context(), src, dst, current, batch.Options{Body: body}) {
				if d.State != c.state || d.Why != c.why {
					t.Errorf("%s %s, want %s %s", d.State, d.Why, c.state, c.why)
				}
				if c.state == "" && !errors.Is(err, trouble) || c.state != "" && err != nil {
					t.Errorf("error %v", err)
				}
			}
			if asked != c.asked {
				t.Errorf("body asked: %v, want %v", asked, c.asked)
			}
		})
	}
}

// TestChangesDuringTheWalk adds and removes objects while both listings are half way.
func TestChangesDuringTheWalk(t *testing.T) {
	src, dst := photos("a", "m", "z"), newMemory()
	published(dst, "a", origin(1, current))
	published(dst, "m", origin(1, current))
	published(dst, "z", origin(1, current))
	// The photos' listing has come to m when somebody uploads b, and it is done at once.
	src.listed["m"] = func() {
		src.put(store.Attrs{Name: "b", Generation: 5, Size: 7})
		published(dst, "b", origin(5, current))
	}
	// That of the manifests has come to m when z is deleted.
	dst.listed["m"] = func() {
		src.remove("z")
		published(dst, "zz", origin(1, current))
	}
	got := decisions(t, batch.Reconcile(t.Context(), src, dst, current, batch.Options{}))
	want := []batch.Decision{
		{Key: "a", State: batch.Fresh, Generation: 1, Bytes: 100, Manifest: 9},
		{Key: "b", State: batch.Fresh, Generation: 5, Bytes: 7, Manifest: 9},
		{Key: "m", State: batch.Fresh, Generation: 1, Bytes: 101, Manifest: 9},
		{Key: "z", State: batch.Orphan, Manifest: 9},
		{Key: "zz", State: batch.Orphan, Manifest: 9},
	}
	if d := gocmp.Diff(want, got); d != "" {
		t.Errorf("decisions (-want +got):\n%s", d)
	}
}

// TestReconcileIsTheModel compares the walk with two maps, on keys that sort around each
// other's prefixes.
func TestReconcileIsTheModel(t *testing.T) {
	parts := []string{"a", "b", "!", "/", "0", ".", " ", "\x00", "\xff", "é", "日", "~", "\n"}
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 500 {
		src, dst := newMemory(), newMemory()
		want := make(map[queue.Key]batch.Decision)
		for range rng.IntN(60) {
			var b strings.Builder
			for range 1 + rng.IntN(4) {
				b.WriteString(parts[rng.IntN(len(parts))])
			}
			key := b.String()
			if _, ok := want[queue.Key(key)]; ok || strings.HasSuffix(key, "/") {
				continue
			}
			want[queue.Key(key)] = place(rng, src, dst, key)
		}
		got := decisions(t, batch.Reconcile(t.Context(), src, dst, current, batch.Options{}))
		model := slices.SortedFunc(maps.Values(want), func(a, b batch.Decision) int { return cmp.Compare(a.Key, b.Key) })
		if d := gocmp.Diff(model, got, gocmp.Transformer("nil", func(d []batch.Decision) []batch.Decision {
			return append([]batch.Decision{}, d...)
		})); d != "" {
			t.Fatalf("round %d (-model +walk):\n%s", round, d)
		}
	}
}

// place puts a photo, a manifest or both somewhere and returns what is then to be decided.
func place(rng *rand.Rand, src, dst *memory, key string) batch.Decision {
	d := batch.Decision{Key: queue.Key(key), Generation: 1 + rng.Int64N(3), Bytes: rng.Int64N(1000), Manifest: 9}
	made, recipe := 1+rng.Int64N(3), []string{current, "other"}[rng.IntN(2)]
	switch rng.IntN(3) {
	case 0:
		d.State, d.Manifest = batch.Missing, 0
	case 1:
		published(dst, key, origin(made, recipe))
		return batch.Decision{Key: queue.Key(key), State: batch.Orphan, Manifest: 9}
	case 2:
		published(dst, key, origin(made, recipe))
		switch {
		case made != d.Generation:
			d.State, d.Why = batch.Stale, batch.NewGeneration
		case recipe != current:
			d.State, d.Why = batch.Stale, batch.NewRecipe
		default:
			d.State = batch.Fresh
		}
	}
	src.put(store.Attrs{Name: key, Generation: d.Generation, Size: d.Bytes})
	return d
}

func TestReconcileStops(t *testing.T) {
	t.Run("when asked", func(t *testing.T) {
		n := 0
		for range batch.Reconcile(t.Context(), photos("a", "b", "c"), newMemory(), current, batch.Options{}) {
			n++
			break
		}
		if n != 1 {
			t.Errorf("%d decisions before the break", n)
		}
	})
	for _, side := range []string{"source", "destination"} {
		t.Run("at an error of the "+side, func(t *testing.T) {
			src, dst := photos("a", "b", "c"), newMemory()
			published(dst, "a", origin(1, current))
			published(dst, "b", origin(1, current))
			bad := map[string]*memory{"source": src, "destination": dst}[side]
			bad.failAt = "b"
			var states []string
			for d, err := range batch.Reconcile(t.Context(), src, dst, current, batch.Options{}) {
				if err != nil {
					states = append(states, "error")
					if !errors.Is(err, store.ErrUnavailable) {
						t.Errorf("error %v", err)
					}
					continue
				}
				states = append(states, string(d.State))
			}
			if want := []string{"fresh", "error"}; !slices.Equal(states, want) {
				t.Errorf("%q, want %q", states, want)
			}
		})
	}
	t.Run("at a listing out of order", func(t *testing.T) {
		src := photos("a", "b", "c")
		src.unsorted = true
		var last error
		for _, err := range batch.Reconcile(t.Context(), src, newMemory(), current, batch.Options{}) {
			last = err
		}
		if last == nil || !strings.Contains(last.Error(), "not sorted") {
			t.Errorf("got %v", last)
		}
	})
	t.Run("when a photo cannot be looked up", func(t *testing.T) {
		src, dst := photos(), newMemory()
		published(dst, "a", origin(1, current))
		src.onStat = store.ErrUnavailable
		n := 0
		for d, err := range batch.Reconcile(t.Context(), src, dst, current, batch.Options{}) {
			if n++; !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("%v, %v", d, err)
			}
		}
		if n != 1 {
			t.Errorf("%d errors", n)
		}
	})
}

// TestClosedFolder keeps the manifests of photos in a folder that may not be read any more.
func TestClosedFolder(t *testing.T) {
	src, dst := photos("closed", "z"), newMemory()
	published(dst, "closed/a", origin(1, current))
	published(dst, "z", origin(1, current))
	src.onStat = store.ErrDenied
	got := decisions(t, batch.Reconcile(t.Context(), src, dst, current, batch.Options{}))
	want := []batch.Decision{
		{Key: "closed", State: batch.Missing, Generation: 1, Bytes: 100},
		{Key: "z", State: batch.Fresh, Generation: 1, Bytes: 101, Manifest: 9},
	}
	if d := gocmp.Diff(want, got); d != "" {
		t.Errorf("decisions (-want +got):\n%s", d)
	}
}
