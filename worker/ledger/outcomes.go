package ledger

import (
	"context"
	"iter"
	"strings"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/store"
)

// Filter selects outcomes. Empty fields select all.
type Filter struct {
	Status Status
	Reason imaging.Reason
	Prefix queue.Key // of the key

	// Unpublished leaves out what stands for a published photo: done, and skipped as fresh.
	Unpublished bool
}

func (f Filter) match(o Outcome) bool {
	return (f.Status == "" || f.Status == o.Status) &&
		(f.Reason == "" || f.Reason == o.Reason) &&
		!(f.Unpublished && (o.Status == Done || o.Reason == imaging.Fresh)) &&
		strings.HasPrefix(string(o.Key), string(f.Prefix))
}

// ordinary reports whether an outcome that is not notable can match.
func (f Filter) ordinary() bool {
	return !f.Unpublished && f.Status != Failed && (f.Reason == "" || f.Reason == imaging.Fresh)
}

// among reports whether any of the counted outcomes may match.
func (f Filter) among(s Summary) bool {
	count := func(end Status, of map[imaging.Reason]int64) bool {
		if f.Status != "" && f.Status != end {
			return false
		}
		if f.Reason != "" {
			return of[f.Reason] > 0
		}
		return sum(of) > 0
	}
	return count(Done, map[imaging.Reason]int64{"": s.Done}) || count(Skipped, s.Skipped) || count(Failed, s.Failed)
}

// Outcomes yields those outcomes of a batch that match. Of several outcomes of one generation
// of a photo, which redelivery and restarts leave behind, only the one that ended last counts.
// Those of one file come sorted by the text of their keys, the older files first.
//
// A filter that asks for failures, or for a reason other than fresh, is answered from notable
// outcomes alone, so that 200 million that went well are not read. A job that first failed and
// was then done when it was delivered again is found by that; a photo that failed and was then
// done as another job of the same batch is not: whether it is published its manifest tells.
//
// A SegmentError is yielded once for every file that cannot be read, and the walk goes on;
// any other error ends it.
//
// It reads the files that can hold a match or what overtakes one, then those from which something
// is yielded once more, several at a time. Its memory does not grow with the number of matches,
// but for a bit each; from 2 million on, it lays 32 bytes of each aside in temporary files.
func Outcomes(ctx context.Context, st store.Store, batch string, f Filter) iter.Seq2[Outcome, error] {
	return scan{st: st, filter: f}.outcomes(ctx, func() ([]string, error) { return []string{batch}, nil })
}

// Latest yields, over all batches of a destination, the last outcome of each photo if it
// matches: with Filter{Status: Failed} the photos of which the ledgers do not know that they
// were mended; as in Outcomes, their manifests know the rest. That a job was superseded, or
// its batch cancelled, says nothing about the photo, so such outcomes count only when the filter
// asks for them. Newer batches come first; otherwise order, errors and costs are those of Outcomes.
func Latest(ctx context.Context, st store.Store, f Filter) iter.Seq2[Outcome, error] {
	return scan{st: st, filter: f, across: true}.outcomes(ctx, func() ([]string, error) { return Batches(ctx, st) })
}
