package batch

import (
	"context"
	"iter"

	"burnish/worker/ledger"
	"burnish/worker/ordered"
	"burnish/worker/store"
)

// lookups is how many manifests are asked for at once.
const lookups = 16

// Published reports whether a photo that failed is published in a store all the same.
type Published func(context.Context, ledger.Outcome, store.Store) (bool, error)

// Broken yields the failures of a batch, or of all batches where the id is empty, whose photos
// are still not published: ledgers know of later failures, but only the photo's manifest knows
// of a job of another batch, or of one that died before it was recorded. So published is asked
// about each, by several at a time.
//
// Order, errors and memory are those of ledger.Outcomes and ledger.Latest. An error of published
// is yielded too, and ends nothing.
func Broken(ctx context.Context, st store.Store, id string, f ledger.Filter, published Published) iter.Seq2[ledger.Outcome, error] {
	f.Status = ledger.Failed
	failures := ledger.Latest(ctx, st, f)
	if id != "" {
		failures = ledger.Outcomes(ctx, st, id, f)
	}
	type judged struct {
		ledger.Outcome
		published bool
	}
	all := ordered.Map(ctx, lookups, failures, func(ctx context.Context, o ledger.Outcome) (judged, error) {
		ok, err := published(ctx, o, st)
		return judged{o, ok}, err
	})
	return func(yield func(ledger.Outcome, error) bool) {
		for j, err := range all {
			if !j.published && !yield(j.Outcome, err) {
				return
			}
		}
	}
}
