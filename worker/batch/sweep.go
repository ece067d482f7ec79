package batch

import (
	"context"
	"errors"

	"burnish/worker/ledger"
	"burnish/worker/store"
)

// sweep marks the run interrupted that a dead process has left behind. Since every run begins
// with it, that can only be the newest.
func sweep(ctx context.Context, st store.Store) error {
	for b, err := range List(ctx, st) {
		switch {
		case errors.Is(err, ErrRecord), errors.Is(err, ErrVersion):
			continue // a record that nobody can read does no harm
		case err != nil:
			return err
		case b.Kind != Run:
			continue
		case b.State != Running:
			return nil
		}
		return b.interrupt(ctx, st)
	}
	return nil
}

// interrupt gives a dead batch what its ledger knows: the outcomes until shortly before its
// death.
func (b *Batch) interrupt(ctx context.Context, st store.Store) error {
	sum, err := b.summarize(ctx, st)
	if err != nil {
		return err
	}
	b.State, b.Totals, b.Ended = Interrupted, TotalsOf(sum), sum.Last
	return b.save(ctx, st)
}

// summarize adds up the ledger. Segments that cannot be read are not worth keeping the next run
// from starting.
func (b *Batch) summarize(ctx context.Context, st store.Store) (ledger.Summary, error) {
	sum, err := ledger.Summarize(ctx, st, b.ID)
	var bad *ledger.SegmentError
	if err != nil && !errors.As(err, &bad) {
		return sum, err
	}
	return sum, nil
}
