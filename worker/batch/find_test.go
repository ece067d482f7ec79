package batch_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/batch"
	"burnish/worker/ledger"
	"burnish/worker/store"
	"burnish/worker/store/storetest"
)

func TestFind(t *testing.T) {
	st := storetest.NewMemory()
	put := func(name string) { st.Put(store.Attrs{Name: "burnish/batches/" + name}, nil) }
	put("20251127T010203Z-aaaaaaaaaa/batch.json")
	put("20261126T010203Z-bbbbbbbbbb/batch.json")
	put("20261127T010203Z-cccccccccc/batch.json")
	put("20261127T010203Z-ccccc/batch.json")
	put("20261128T000000Z-upload/ledger/1.parquet")
	put("20261129T000000Z-upload/ledger/1.parquet")
	cases := []struct {
		name, want string
		is         error
	}{
		{"", "20261127T010203Z-cccccccccc", nil},
		{"latest", "20261127T010203Z-cccccccccc", nil},
		{"20251127T010203Z-aaaaaaaaaa", "20251127T010203Z-aaaaaaaaaa", nil},
		{"2025", "20251127T010203Z-aaaaaaaaaa", nil},
		{"bbbb", "20261126T010203Z-bbbbbbbbbb", nil},
		{"-bbbbbbbbbb", "20261126T010203Z-bbbbbbbbbb", nil},
		{"20261127T010203Z-ccccc", "20261127T010203Z-ccccc", nil}, // although it begins another
		{"20261128", "20261128T000000Z-upload", nil},
		{"20261127", "", batch.ErrAmbiguous},
		{"upload", "", batch.ErrAmbiguous},
		{"1999", "", batch.ErrNoBatch},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got, err := batch.Find(t.Context(), st, c.name); got != c.want || !errors.Is(err, c.is) {
				t.Errorf("%q, %v; want %q, %v", got, err, c.want, c.is)
			}
		})
	}
	if got, err := batch.Find(t.Context(), st, "../x"); err == nil {
		t.Errorf("a path is taken for batch %q", got)
	}
	if got, err := batch.Find(t.Context(), storetest.NewMemory(), ""); !errors.Is(err, batch.ErrNoBatch) {
		t.Errorf("%q, %v in an empty store", got, err)
	}
}

// failures records so many failures of each reason, and photos that are done.
func failures(t *testing.T, st store.Store, id string, done int, failed map[imaging.Reason]int64) {
	t.Helper()
	w, err := ledger.NewWriter(st, id, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	record := func(s ledger.Status, r imaging.Reason) {
		o := ledger.Outcome{Key: queue.Key(r), Status: s, Reason: r, Ended: time.Now()}
		if err := w.Record(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	for range done {
		record(ledger.Done, "")
	}
	for reason, n := range failed {
		for range n {
			record(ledger.Failed, reason)
		}
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// repair starts a batch that has asked for some failures of another and left others.
func repair(t *testing.T, st store.Store, of string, asked, left map[imaging.Reason]int64) *batch.Batch {
	t.Helper()
	b, err := batch.Start(t.Context(), st, batch.Batch{Kind: batch.Rerun, Repairs: of, Asked: asked, Left: left})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestStands(t *testing.T) {
	const corrupt, timeout, crashed = imaging.Corrupt, imaging.Timeout, imaging.Crashed
	type n = map[imaging.Reason]int64
	synctest.Test(t, func(t *testing.T) {
		st := storetest.NewMemory()
		stands := func(b *batch.Batch, broken n, waiting, dropped int64, repairs int) {
			t.Helper()
			sum, err := ledger.Summarize(t.Context(), st, b.ID)
			if err != nil {
				t.Fatal(err)
			}
			s, err := batch.Stands(t.Context(), st, b.ID, sum)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(broken, s.Broken); d != "" || s.Waiting != waiting || s.Dropped != dropped || len(s.Repairs) != repairs {
				t.Errorf("%d waiting, %d dropped, %d repairs; want %d, %d, %d; broken (-want +got):\n%s",
					s.Waiting, s.Dropped, len(s.Repairs), waiting, dropped, repairs, d)
			}
			time.Sleep(time.Second)
		}
		old := repair(t, st, "", nil, nil)
		failures(t, st, old.ID, 100, n{corrupt: 20, timeout: 5}) // each corrupt one twice
		stands(old, n{corrupt: 20, timeout: 5}, 0, 0, 0)

		first := repair(t, st, old.ID, n{corrupt: 10}, n{timeout: 5})
		stands(old, n{timeout: 5}, 10, 0, 1)
		failures(t, st, first.ID, 6, n{corrupt: 1, crashed: 2})
		stands(old, n{timeout: 5, corrupt: 1, crashed: 2}, 1, 0, 1)
		if err := first.Finish(t.Context(), st, batch.Interrupted, batch.Totals{}); err != nil {
			t.Fatal(err)
		}
		stands(old, n{timeout: 5, corrupt: 1, crashed: 2}, 0, 1, 1)

		second := repair(t, st, old.ID, n{timeout: 5, crashed: 2}, n{corrupt: 2})
		failures(t, st, second.ID, 6, n{timeout: 1})
		stands(old, n{corrupt: 2, timeout: 1}, 0, 0, 2)

		third := repair(t, st, second.ID, n{timeout: 1}, nil)
		failures(t, st, third.ID, 1, nil)
		stands(old, n{corrupt: 2}, 0, 0, 3)
		stands(second, n{}, 0, 0, 1)

		st.Put(store.Attrs{Name: ledger.Folder(old.ID) + "repairs/20261127T010203Z-ffffffffff"}, nil) // died at its start
		stands(old, n{corrupt: 2}, 0, 0, 3)
		st.Put(store.Attrs{Name: ledger.Folder(third.ID) + "repairs/" + old.ID}, nil)
		if _, err := batch.Stands(t.Context(), st, old.ID, ledger.Summary{}); err == nil {
			t.Error("repairs that go round in circles end")
		}
	})
}

func TestBrokenAsksForEach(t *testing.T) {
	st := storetest.NewMemory()
	failures(t, st, "b1", 3, map[imaging.Reason]int64{imaging.Corrupt: 1, imaging.Timeout: 1, imaging.Crashed: 1})
	trouble := errors.New("no answer")
	published := func(_ context.Context, o ledger.Outcome, _ store.Store) (bool, error) {
		switch o.Reason {
		case imaging.Corrupt:
			return true, nil
		case imaging.Crashed:
			return false, trouble
		}
		return false, nil
	}
	for _, id := range []string{"b1", ""} {
		var got []imaging.Reason
		asked := 0
		for o, err := range batch.Broken(t.Context(), st, id, ledger.Filter{}, published) {
			if errors.Is(err, trouble) {
				asked++
				continue
			}
			got = append(got, o.Reason)
		}
		if d := cmp.Diff([]imaging.Reason{imaging.Timeout}, got); d != "" || asked != 1 {
			t.Errorf("batch %q: %d errors; broken (-want +got):\n%s", id, asked, d)
		}
	}
}
