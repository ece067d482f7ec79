package worker

import (
	"context"
	"testing"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ledger"
)

// TestCancelledBatch skips the photos of a cancelled batch before anything is asked of a store,
// and does those of others and of none.
func TestCancelledBatch(t *testing.T) {
	for batch, status := range map[string]ledger.Status{"given-up": ledger.Skipped, "other": ledger.Done, "": ledger.Done} {
		b := newBench(t)
		b.put("a.jpg", "one")
		b.Cancelled = func(_ context.Context, id string) bool {
			if id == "" {
				t.Error("asked about no batch")
			}
			return id == "given-up"
		}
		source, dest := &counted{Store: b.Source}, &counted{Store: b.Dest}
		b.Source, b.Dest = source, dest
		job := queue.Job{Key: "a.jpg", Batch: batch}
		if d := b.Handle(t.Context(), queue.Delivery{Job: job, Lane: queue.Backfill, Attempt: 1}); d != queue.Ack {
			t.Fatalf("disposition %+v", d)
		}
		o := (*b.outcomes)[len(*b.outcomes)-1]
		if o.Status != status || status == ledger.Skipped && (o.Reason != imaging.Cancelled || source.reads+dest.reads+dest.writes > 0) {
			t.Errorf("batch %q: %+v, with %d reads of the photo and %d writes", batch, o, source.reads, dest.writes)
		}
	}
}
