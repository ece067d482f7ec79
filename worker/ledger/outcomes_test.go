package ledger_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"burnish/imaging"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

// of returns the outcome as one of a batch and generation.
func of(batch string, generation int64, o ledger.Outcome) ledger.Outcome {
	o.Batch, o.Generation = batch, generation
	return o
}

// writeAll makes one segment per slice in the batch that its first outcome names.
func writeAll(t *testing.T, st store.Store, segments ...[]ledger.Outcome) {
	t.Helper()
	for _, all := range segments {
		w, err := ledger.NewWriter(st, all[0].Batch, ledger.Options{})
		if err != nil {
			t.Fatal(err)
		}
		record(t, w, all...)
		closed(t, w)
	}
}

func TestOutcomesFilter(t *testing.T) {
	st := newMemory()
	writeAll(t, st,
		[]ledger.Outcome{
			ended("shoes/b", ledger.Failed, imaging.Corrupt, 0),
			done("shoes/a", 100, 50, 40),
			ended("hats/a", ledger.Failed, imaging.Timeout, 0),
		},
		[]ledger.Outcome{
			ended("shoes/c", ledger.Skipped, imaging.Link, 0),
			ended("shoes2", ledger.Failed, imaging.Corrupt, 0),
		},
	)
	cases := []struct {
		name  string
		f     ledger.Filter
		want  []string
		reads int // of segments
	}{
		{"all", ledger.Filter{}, []string{"hats/a", "shoes/a", "shoes/b", "shoes/c", "shoes2"}, 4},
		{"status", ledger.Filter{Status: ledger.Failed}, []string{"hats/a", "shoes/b", "shoes2"}, 4},
		{"reason", ledger.Filter{Reason: imaging.Corrupt}, []string{"shoes/b", "shoes2"}, 4},
		{"status and reason", ledger.Filter{Status: ledger.Skipped, Reason: imaging.Link}, []string{"shoes/c"}, 3},
		{"prefix", ledger.Filter{Prefix: "shoes/"}, []string{"shoes/a", "shoes/b", "shoes/c"}, 4},
		{"everything", ledger.Filter{ledger.Failed, imaging.Corrupt, "shoes/", true}, []string{"shoes/b"}, 4},
		{"unpublished", ledger.Filter{Unpublished: true}, []string{"hats/a", "shoes/b", "shoes/c", "shoes2"}, 4},
		{"nothing of that reason", ledger.Filter{Reason: imaging.Crashed}, nil, 0},
		{"reason of another status", ledger.Filter{Status: ledger.Done, Reason: imaging.Corrupt}, nil, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			st.reads = nil
			got := keys(t, st, c.f)
			slices.Sort(got)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("keys (-want +got):\n%s", d)
			}
			if len(st.reads) != c.reads {
				t.Errorf("%d segments read, want %d", len(st.reads), c.reads)
			}
		})
	}
}

func TestLastOutcomeCounts(t *testing.T) {
	failed := func(at time.Duration) ledger.Outcome { return ended("k", ledger.Failed, imaging.Timeout, at) }
	good := func(at time.Duration) ledger.Outcome {
		o := done("k", 100, 50, 40)
		o.Generation, o.Attempt, o.Ended = 7, 2, noon.Add(at)
		return o
	}
	cases := []struct {
		name     string
		segments [][]ledger.Outcome
		all      []ledger.Status
		failed   int
	}{
		{"once", [][]ledger.Outcome{{failed(0)}}, []ledger.Status{ledger.Failed}, 1},
		{"twice in a segment", [][]ledger.Outcome{{failed(0), failed(1e9)}}, []ledger.Status{ledger.Failed}, 1},
		{"failed, then done", [][]ledger.Outcome{{failed(0)}, {good(1e9)}}, []ledger.Status{ledger.Done}, 0},
		{"done after failing, recorded before it", [][]ledger.Outcome{{good(1e9)}, {failed(0)}}, []ledger.Status{ledger.Done}, 0},
		{"done, then failed", [][]ledger.Outcome{{good(0)}, {failed(1e9)}}, []ledger.Status{ledger.Failed}, 1},
		{"at the same time", [][]ledger.Outcome{{good(0), failed(0)}}, []ledger.Status{ledger.Failed}, 1},
		{"another generation", [][]ledger.Outcome{{failed(0)}, {of(batch, 8, good(1e9))}}, []ledger.Status{ledger.Failed, ledger.Done}, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newMemory()
				for _, segment := range c.segments {
					writeAll(t, st, segment)
					time.Sleep(time.Second)
				}
				var got []ledger.Status
				for o, err := range ledger.Outcomes(t.Context(), st, batch, ledger.Filter{}) {
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, o.Status)
				}
				if d := cmp.Diff(c.all, got); d != "" {
					t.Errorf("outcomes (-want +got):\n%s", d)
				}
				if got := keys(t, st, ledger.Filter{Status: ledger.Failed}); len(got) != c.failed {
					t.Errorf("%d failed, want %d", len(got), c.failed)
				}
			})
		})
	}
}

func TestLatest(t *testing.T) {
	const monday, tuesday = "20261123T000000Z-a", "20261124T000000Z-b"
	day := 24 * time.Hour
	st := newMemory()
	writeAll(t, st,
		[]ledger.Outcome{
			of(monday, 1, ended("repaired", ledger.Failed, imaging.Timeout, 0)),
			of(monday, 1, ended("replaced", ledger.Failed, imaging.Corrupt, 0)),
			of(monday, 1, ended("broken", ledger.Failed, imaging.Corrupt, 0)),
			of(monday, 1, ended("still broken", ledger.Failed, imaging.Corrupt, 0)),
			of(monday, 2, ended("overtaken", ledger.Failed, imaging.Corrupt, 0)),
			of(monday, 1, done("newly broken", 100, 50, 40)),
		},
		[]ledger.Outcome{
			of(tuesday, 1, ended("repaired", ledger.Skipped, imaging.Fresh, day)),
			of(tuesday, 9, ended("replaced", ledger.Skipped, imaging.Fresh, day)),
			of(tuesday, 1, ended("still broken", ledger.Failed, imaging.Timeout, day)),
			of(tuesday, 1, ended("overtaken", ledger.Skipped, imaging.Superseded, day)),
			of(tuesday, 1, ended("newly broken", ledger.Failed, imaging.Crashed, day)),
			of(tuesday, 1, ended("broken", ledger.Skipped, imaging.Cancelled, day)),
		},
	)
	cases := []struct {
		name string
		f    ledger.Filter
		want []string
	}{
		{"broken now", ledger.Filter{Status: ledger.Failed}, []string{
			"newly broken crashed", "still broken timeout", "broken corrupt", "overtaken corrupt",
		}},
		{"one reason", ledger.Filter{Reason: imaging.Corrupt}, []string{"broken corrupt", "overtaken corrupt"}},
		{"superseded", ledger.Filter{Reason: imaging.Superseded}, []string{"overtaken superseded"}},
		{"all", ledger.Filter{}, []string{
			"newly broken crashed", "repaired fresh", "replaced fresh", "still broken timeout", "broken corrupt", "overtaken corrupt",
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for o, err := range ledger.Latest(t.Context(), st, c.f) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, string(o.Key)+" "+string(o.Reason))
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestOutcomesStopWhenAsked(t *testing.T) {
	st := newMemory()
	write(t, st, done("a", 3, 2, 1), done("b", 3, 2, 1))
	n := 0
	for range ledger.Outcomes(t.Context(), st, batch, ledger.Filter{}) {
		n++
		break
	}
	if n != 1 {
		t.Errorf("%d outcomes before the break", n)
	}
}

func TestBatches(t *testing.T) {
	st := newMemory()
	for _, name := range []string{
		"burnish/batches/20261122T000000Z-b/batch.json",
		"burnish/batches/20261122T000000Z-b/ledger/1.parquet",
		"burnish/batches/20261122T000000Z-b/ledger/2.parquet",
		"burnish/batches/20261122T000000Z/ledger/2.parquet", // its '/' sorts after the '-' above
		"burnish/batches/20261122T000000Z0/batch.json",      // sorts right where the last one ends
		"burnish/batches/20261121T000000Z-z/batch.json",
		"burnish/batches/not an id/batch.json",
		"burnish/batches/README",
		"burnish/other",
		"manifests/a",
	} {
		st.change(name, func(*object) {})
	}
	for i := range 3000 {
		st.change(fmt.Sprintf("burnish/batches/20261122T000000Z-b/ledger/%05d.parquet", i), func(*object) {})
	}
	listed := 0
	st.onList = func() error { listed++; return nil }
	got, err := ledger.Batches(t.Context(), st)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"20261122T000000Z0", "20261122T000000Z-b", "20261122T000000Z", "20261121T000000Z-z"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("batches (-want +got):\n%s", d)
	}
	if listed > 10 {
		t.Errorf("%d listings, want one for each stretch of time and batch of many objects", listed)
	}
	if none, err := ledger.Batches(t.Context(), newMemory()); err != nil || len(none) != 0 {
		t.Errorf("empty destination has %q, %v", none, err)
	}
}
