package ledger_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

// slowly writes segments of three outcomes, one a minute.
func slowly(t *testing.T, st store.Store, from, to int) {
	t.Helper()
	w := newWriter(t, st, ledger.Options{MaxRows: 3})
	for i := from; i < to; i++ {
		record(t, w,
			of(batch, 7, done(fmt.Sprintf("good %d", i), 100, 50, 40)),
			ended(fmt.Sprintf("bad %d", i), ledger.Failed, []imaging.Reason{imaging.Corrupt, imaging.Timeout}[i%2], time.Duration(i)*time.Minute),
			ended("again and again", ledger.Failed, imaging.Crashed, time.Duration(i)*time.Minute))
		if err := w.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
	}
	closed(t, w)
}

// digested asks for digests and checks how many came.
func digested(t *testing.T, st store.Store, want int) {
	t.Helper()
	if n, err := ledger.Digest(t.Context(), st, batch); n != want || err != nil {
		t.Errorf("%d digests added, %v; want %d", n, err, want)
	}
}

// view is what readers see of the batch.
type view struct {
	Summary  ledger.Summary
	Failures []string
	Timeouts []string
}

func viewed(t *testing.T, st store.Store) view {
	t.Helper()
	sum, err := ledger.Summarize(t.Context(), st, batch)
	if err != nil {
		t.Fatal(err)
	}
	v := view{Summary: sum}
	seen := make(map[string]bool) // the order is that of the files, whichever they are
	for _, k := range keys(t, st, ledger.Filter{Status: ledger.Failed}) {
		if seen[k] {
			t.Errorf("%q counts twice", k)
		}
		seen[k] = true
	}
	for i := range 1000 {
		if k := fmt.Sprintf("bad %d", i); seen[k] {
			v.Failures = append(v.Failures, k)
		}
	}
	v.Timeouts = keys(t, st, ledger.Filter{Reason: imaging.Timeout, Prefix: "bad 1"})
	return v
}

func TestDigestsStandForTheirSegments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newMemory()
		slowly(t, st, 0, 150)
		digested(t, st, 0) // 90 segments are an hour old: not worth it
		time.Sleep(30 * time.Minute)
		want := viewed(t, st)
		digested(t, st, 1)
		digested(t, st, 0)
		slowly(t, st, 150, 160)
		st.reads = nil
		got := viewed(t, st)
		if n := len(st.reads); n > 200 {
			t.Errorf("%d reads after the digest, as if there were none", n)
		}
		if n := got.Summary.Outcomes() - want.Summary.Outcomes(); n != 30 {
			t.Errorf("%d outcomes more after 10 segments of 3", n)
		}
		if n := len(got.Failures); n != 160 {
			t.Errorf("%d photos failed, want 160", n)
		}
		time.Sleep(3 * time.Hour)
		digested(t, st, 0)
		slowly(t, st, 160, 300)
		got = viewed(t, st)
		digests := slices.DeleteFunc(st.names(), func(name string) bool { return !strings.Contains(name, "/digests/") })
		if len(digests) != 2 {
			t.Errorf("digests %q, want one more by the writer", digests)
		}
		for _, name := range digests {
			if err := st.Delete(t.Context(), name, store.Any); err != nil {
				t.Fatal(err)
			}
		}
		want = viewed(t, st)
		want.Timeouts, got.Timeouts = sorted(want.Timeouts), sorted(got.Timeouts)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("what readers see changes by digests (-without +with):\n%s", d)
		}
	})
}

func sorted(ks []string) []string {
	m := make(map[string]bool)
	for _, k := range ks {
		m[k] = true
	}
	var out []string
	for i := range 1000 {
		if k := fmt.Sprintf("bad %d", i); m[k] {
			out = append(out, k)
		}
	}
	return out
}

// TestDigestsCanBeLost: whatever becomes of digests, the segments tell the same.
func TestDigestsCanBeLost(t *testing.T) {
	first := ledger.Folder(batch) + "digests/0.parquet"
	cases := []struct {
		name string
		harm func(t *testing.T, st *memory)
	}{
		{"deleted", func(t *testing.T, st *memory) {
			if err := st.Delete(t.Context(), first, store.Any); err != nil {
				t.Fatal(err)
			}
		}},
		{"damaged, without metadata", func(_ *testing.T, st *memory) {
			st.change(first, func(o *object) { o.data, o.attrs.Metadata = o.data[:len(o.data)/2], nil })
		}},
		{"metadata lost", func(_ *testing.T, st *memory) {
			st.change(first, func(o *object) { o.attrs.Metadata = nil })
		}},
		{"goes nowhere", func(_ *testing.T, st *memory) {
			st.change(first, func(o *object) { o.attrs.Metadata["through"] = "0" })
		}},
		{"a stranger beside them", func(_ *testing.T, st *memory) {
			st.change(ledger.Folder(batch)+"digests/2.parquet", func(*object) {})
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newMemory()
				slowly(t, st, 0, 120)
				time.Sleep(time.Hour)
				want := viewed(t, st)
				digested(t, st, 1)
				c.harm(t, st)
				got := viewed(t, st)
				want.Timeouts, got.Timeouts = sorted(want.Timeouts), sorted(got.Timeouts)
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("(-before +after):\n%s", d)
				}
			})
		})
	}
}

// TestDigestRace: the digest that was there first stays, and the other program goes on later.
func TestDigestRace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newMemory()
		slowly(t, st, 0, 120)
		time.Sleep(time.Hour)
		st.onWrite = func(string) error {
			st.onWrite = nil
			digested(t, st, 1)
			return nil
		}
		digested(t, st, 0)
		if n := len(viewed(t, st).Failures); n != 120 {
			t.Errorf("%d photos failed, want 120", n)
		}
	})
}

// TestLateSegmentsHaveLateNames: digests rely on it.
func TestLateSegmentsHaveLateNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newMemory()
		begun := time.Now()
		st.onWrite = func(string) error {
			if time.Since(begun) < 5*time.Hour {
				return store.ErrUnavailable
			}
			return nil
		}
		w := newWriter(t, st, ledger.Options{})
		record(t, w, ended("late", ledger.Failed, imaging.Timeout, 0))
		closed(t, w)
		name := strings.TrimPrefix(st.names()[0], ledger.Folder(batch)+"ledger/")
		at, err := time.Parse("20060102T150405Z", name[:16])
		if err != nil {
			t.Fatal(err)
		}
		if late := time.Since(at); late > 16*time.Minute {
			t.Errorf("the name is %v old at the write", late)
		}
	})
}

// TestNotableStandApart: who looks for failures does not read what went well.
func TestNotableStandApart(t *testing.T) {
	st := newMemory()
	all := []ledger.Outcome{ended("bad", ledger.Failed, imaging.Corrupt, 0)}
	for i := range 5000 {
		all = append(all, of(batch, 7, done(fmt.Sprint(i), 100, 50, 40)))
	}
	write(t, st, all...)
	if n := len(st.names()); n != 2 {
		t.Fatalf("%d segments, want 2", n)
	}
	st.reads = nil
	if got := keys(t, st, ledger.Filter{Status: ledger.Failed}); !cmp.Equal(got, []string{"bad"}) {
		t.Errorf("failed: %q", got)
	}
	if n := len(st.reads); n != 2 {
		t.Errorf("%d reads, want two of the segment of one outcome", n)
	}
	if got := keys(t, st, ledger.Filter{Prefix: queue.Key("4999")}); !cmp.Equal(got, []string{"4999"}) {
		t.Errorf("all with a prefix: %q", got)
	}
}
