package batch

import (
	"context"
	"errors"

	"burnish/worker/store"
)

// foreseen bounds how many records are read to find one to go by.
const foreseen = 100

// Foresee returns how many jobs a batch is to have, and whether that is an estimate; 0 where nobody
// can tell. While the walk of a backfill is under way, its plan tells. Without one, the newest
// backfill of the same photos that came to its end tells how many there are, and what the walk has
// passed which share of them is wanted.
func Foresee(ctx context.Context, st store.Store, b *Batch) (jobs int64, estimate bool, err error) {
	switch {
	case b.Expected > 0:
		return b.Expected, false, nil
	case b.Kind != Backfill:
		return 0, false, nil
	case b.Plan != nil:
		return max(b.Plan.Found.Photos, b.Totals.Published), true, nil
	}
	last, err := lastWalk(ctx, st, b)
	if err != nil || last == nil || b.Totals.Seen == 0 {
		return 0, false, err
	}
	wanted := float64(b.Totals.Seen-b.Totals.Fresh) / float64(b.Totals.Seen)
	jobs = b.Totals.Published + int64(wanted*float64(max(0, last.Totals.Seen-b.Totals.Seen)))
	if b.Limit > 0 {
		jobs = min(jobs, b.Limit)
	}
	return jobs, true, nil
}

// lastWalk returns the newest backfill before b that has walked over the same photos to their end,
// by whatever recipe; nil if there is none among the newest.
func lastWalk(ctx context.Context, st store.Store, b *Batch) (*Batch, error) {
	n := 0
	for other, err := range List(ctx, st) {
		if n++; n > foreseen {
			break
		}
		if errors.Is(err, ErrRecord) || errors.Is(err, ErrVersion) {
			continue // a record that nobody can read does no harm
		}
		if err != nil {
			return nil, err
		}
		if other.State != Finished || other.ID == b.ID || other.Limit > 0 {
			continue
		}
		same := *other // but for what decides about each photo
		same.Recipe, same.RecipeID, same.Fingerprint, same.Force, same.Limit = b.Recipe, b.RecipeID, b.Fingerprint, b.Force, b.Limit
		if same.asks(*b) {
			return other, nil
		}
	}
	return nil, nil
}
