package batch_test

import (
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"burnish/queue"
	"burnish/worker/batch"
	"burnish/worker/store"
)

// listing yields keys, and then an error if there is one.
func listing(err error, keys ...queue.Key) iter.Seq2[queue.Key, error] {
	return func(yield func(queue.Key, error) bool) {
		for _, key := range keys {
			if !yield(key, nil) {
				return
			}
		}
		if err != nil {
			yield("", err)
		}
	}
}

func TestListed(t *testing.T) {
	src := photos("changed", "fresh", "missing", "not listed", "old recipe")
	dst := newMemory()
	published(dst, "changed", origin(2, current))
	published(dst, "fresh", origin(1, current))
	published(dst, "gone", origin(1, current))
	published(dst, "old recipe", origin(1, "other"))
	keys := []queue.Key{"old recipe", "gone", "missing", "changed", "never/was", "fresh", "left out.png"}
	for _, ranges := range []int{0, 1, 8} {
		opts := batch.Options{Ranges: ranges, Filter: batch.Filter{Glob: "**/*[!g]"}}
		got := decisions(t, batch.Listed(t.Context(), src, dst, current, listing(nil, keys...), opts))
		slices.SortFunc(got, func(a, b batch.Decision) int { return strings.Compare(string(a.Key), string(b.Key)) })
		want := []batch.Decision{
			{Key: "fresh", State: batch.Fresh, Generation: 1, Bytes: 101, Manifest: 9},
			{Key: "gone", State: batch.Absent},
			{Key: "never/was", State: batch.Absent},
			{Key: "old recipe", State: batch.Stale, Why: batch.NewRecipe, Generation: 1, Bytes: 104, Manifest: 9},
		}
		want = slices.Insert(want, 0, batch.Decision{Key: "changed", State: batch.Stale, Why: batch.NewGeneration, Generation: 1, Bytes: 100, Manifest: 9})
		want = slices.Insert(want, 3, batch.Decision{Key: "missing", State: batch.Missing, Generation: 1, Bytes: 102})
		want = slices.DeleteFunc(want, func(d batch.Decision) bool { return strings.HasSuffix(string(d.Key), "g") })
		if d := gocmp.Diff(want, got); d != "" {
			t.Errorf("%d at once (-want +got):\n%s", ranges, d)
		}
	}
}

func TestListedEnds(t *testing.T) {
	many := make([]queue.Key, 5000)
	for i := range many {
		many[i] = queue.Key(strings.Repeat("x", 1+i%900))
	}
	n := 0
	for range batch.Listed(t.Context(), photos(), newMemory(), current, listing(nil, many...), batch.Options{Ranges: 4}) {
		if n++; n == 10 {
			break
		}
	}
	if n != 10 {
		t.Errorf("%d decisions", n)
	}
	bad := errors.New("line 3 is none")
	broken := photos()
	broken.onStat = store.ErrUnavailable
	for name, c := range map[string]struct {
		src  *memory
		list error
		want error
	}{"the list": {photos(), bad, bad}, "the store": {broken, nil, store.ErrUnavailable}} {
		var last error
		for _, err := range batch.Listed(t.Context(), c.src, newMemory(), current, listing(c.list, many...), batch.Options{Ranges: 4}) {
			last = err
		}
		if !errors.Is(last, c.want) {
			t.Errorf("trouble of %s: %v", name, last)
		}
	}
}
