package ledger

import (
	"context"
	"errors"
	"time"

	"burnish/worker/store"
)

// Summarize adds up the counts of a batch: those of its digests, and of the segments after
// them. It costs two listings, and one read of each of these whose metadata have been lost or
// are not what a Writer writes.
//
// Segments that cannot be read are left out: the error then joins one SegmentError for each,
// and the summary holds the others. With any other error there is no summary. A batch without
// segments has a summary of no outcomes.
func Summarize(ctx context.Context, st store.Store, batch string) (Summary, error) {
	all, _, err := Lately(ctx, st, batch, time.Time{})
	return all, err
}

// Lately adds up a batch like Summarize, and besides it what is known to have ended since a time:
// the segments whose first outcome did, from which a rate can be told.
func Lately(ctx context.Context, st store.Store, batch string, since time.Time) (all, lately Summary, err error) {
	var bad []error
	for f, err := range condensed(ctx, st, batch) {
		if isSegment(err) {
			bad = append(bad, err)
			continue
		}
		if err != nil {
			return Summary{}, Summary{}, err
		}
		all.Add(f.sum)
		if !f.sum.First.Before(since) {
			lately.Add(f.sum)
		}
	}
	return all, lately, errors.Join(bad...)
}

// summaryOf asks the object's metadata first, then the file's footer, then its rows.
func summaryOf(ctx context.Context, st store.Store, a store.Attrs) (Summary, error) {
	s, err := parseCounts(a.Metadata[metadataKey])
	if err == nil {
		return s, nil
	}
	if errors.Is(err, ErrVersion) {
		return Summary{}, &SegmentError{a.Name, err}
	}
	f, err := load(ctx, st, a)
	if err != nil {
		return Summary{}, err
	}
	if text, ok := f.Lookup(metadataKey); ok {
		if s, err := parseCounts(text); err == nil && s.Outcomes() == f.NumRows() {
			return s, nil
		}
	}
	all, err := outcomesOf(f)
	if err != nil {
		return Summary{}, &SegmentError{a.Name, err}
	}
	s = Summary{}
	for _, o := range all {
		s.Count(o)
	}
	return s, nil
}

func isSegment(err error) bool {
	var bad *SegmentError
	return errors.As(err, &bad)
}
