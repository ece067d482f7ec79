package main

import (
	"context"
	"sync"

	"burnish/worker/batch"
	"burnish/worker/ledger"
)

// tally counts outcomes on their way into the ledger.
type tally struct {
	ledger   *ledger.Writer
	progress *progress

	mu      sync.Mutex
	counted ledger.Summary
}

// Record implements worker.Recorder.
func (t *tally) Record(ctx context.Context, o ledger.Outcome) error {
	if err := t.ledger.Record(ctx, o); err != nil {
		return err
	}
	t.mu.Lock()
	t.counted.Count(o)
	t.mu.Unlock()
	t.progress.observe(o)
	return nil
}

// totals is what the batch's record keeps.
func (t *tally) totals() batch.Totals {
	t.mu.Lock()
	defer t.mu.Unlock()
	totals := batch.TotalsOf(t.counted)
	totals.Fresh = t.progress.fresh.Load()
	totals.Published = t.progress.published.Load()
	totals.Seen = totals.Fresh + totals.Published
	return totals
}

func (t *tally) summary() summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := summarize(t.counted)
	s.Fresh += t.progress.fresh.Load() // those that were not even looked at
	return s
}
