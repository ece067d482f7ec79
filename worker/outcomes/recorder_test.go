package outcomes

import (
	"context"
	"errors"
	"fmt"
	"testing"

	gcp "cloud.google.com/go/pubsub/v2"

	"burnish/queue"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

// What Pub/Sub does with a recorder is tested with real processes, beside cmd/burnish. Here is
// what depends on the destination.

func open(t *testing.T) *store.Directory {
	t.Helper()
	d, err := store.OpenDirectory(t.TempDir(), store.Writable())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func recorded(t *testing.T, st store.Store) (n int, batches []string) {
	t.Helper()
	batches, err := ledger.Batches(t.Context(), st)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range batches {
		for _, err := range ledger.Outcomes(t.Context(), st, id, ledger.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
	}
	return n, batches
}

func TestPile(t *testing.T) {
	st := open(t)
	r := NewRecorder(nil, "q", st, Options{Rows: 3})
	done := func(i int, batch string) ledger.Outcome {
		return ledger.Outcome{Key: queue.Key(fmt.Sprint(i)), Batch: batch, Lane: queue.Upload, Status: ledger.Done, Ended: sent}
	}
	for i, batch := range []string{"", "b1", "b1"} {
		if len(r.full) != 0 {
			t.Errorf("full with %d of 3", i)
		}
		if err := r.take(t.Context(), &gcp.Message{}, done(i, batch)); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.full) != 1 {
		t.Error("not full with 3 of 3")
	}
	if n, _ := recorded(t, st); n != 0 {
		t.Errorf("%d outcomes were written before their time", n)
	}
	if _, err := r.flush(); err != nil {
		t.Fatal(err)
	}
	if n, batches := recorded(t, st); n != 3 || len(batches) != 2 {
		t.Errorf("%d outcomes in %v", n, batches)
	}
	if len(r.pending.messages) != 0 || len(r.pending.writers) != 0 {
		t.Errorf("after it was written, the pile is %+v", r.pending)
	}
}

// full takes nothing more.
type full struct{ store.Store }

func (full) Write(context.Context, string, []byte, store.WriteOptions) (store.Attrs, error) {
	return store.Attrs{}, store.ErrFull
}

func TestDestinationRefuses(t *testing.T) {
	r := NewRecorder(nil, "q", full{open(t)}, Options{})
	o := ledger.Outcome{Key: "a", Lane: queue.Upload, Status: ledger.Done, Ended: sent}
	if err := r.take(t.Context(), &gcp.Message{}, o); err != nil {
		t.Fatal(err)
	}
	if _, err := r.flush(); !errors.Is(err, store.ErrFull) {
		t.Errorf("flush: %v; an outcome that is in no segment must not be acked", err)
	}
}
