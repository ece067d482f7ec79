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
}

func (f Filter) match(o Outcome) bool {
	return (f.Status == "" || f.Status == o.Status) &&
		(f.Reason == "" || f.Reason == o.Reason) &&
		strings.HasPrefix(string(o.Key), string(f.Prefix))
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
// Those of one segment come sorted by the text of their keys, the older segments first.
//
// A SegmentError is yielded once for every segment that cannot be read, and the walk goes on;
// any other error ends it.
//
// It reads the segments that can hold a match, then all that could hold a later outcome of the
// same photos, then those of the first again from which something is yielded. It keeps about
// 100 bytes of memory for each match: failures of any catalogue fit, all outcomes of
// hundreds of millions of photos do not; those are for DuckDB or BigQuery.
func Outcomes(ctx context.Context, st store.Store, batch string, f Filter) iter.Seq2[Outcome, error] {
	s := scan{
		st:       st,
		match:    f.match,
		among:    f.among,
		all:      f.Status == "" && f.Reason == "",
		identity: func(o Outcome) ident { return identOf(o.Key, o.Generation) },
		relevant: func(Outcome) bool { return true },
	}
	return s.outcomes(ctx, func() ([]string, error) { return []string{batch}, nil })
}

// Latest yields, over all batches of a destination, the last outcome of each photo if it
// matches: with Filter{Status: Failed} the photos that are broken now. That a job was
// superseded says nothing about the photo, so such outcomes count only when the filter asks
// for them. Newer batches come first; otherwise order, errors and costs are those of Outcomes.
func Latest(ctx context.Context, st store.Store, f Filter) iter.Seq2[Outcome, error] {
	s := scan{
		st:       st,
		match:    f.match,
		among:    f.among,
		all:      f.Status == "" && f.Reason == "",
		identity: func(o Outcome) ident { return identOf(o.Key, 0) },
		relevant: func(o Outcome) bool {
			return o.Reason != imaging.Superseded || f.Reason == imaging.Superseded
		},
	}
	return s.outcomes(ctx, func() ([]string, error) { return Batches(ctx, st) })
}
