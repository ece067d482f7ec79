package ledger

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/parquet-go/parquet-go"

	"burnish/worker/store"
)

// SegmentError reports a file in a ledger that cannot be read, while the others can.
type SegmentError struct {
	Name string
	Err  error
}

// Error names the file and says what to do about it.
func (e *SegmentError) Error() string {
	advice := "move it out of the ledger; photos that failed will be recorded again by the next run"
	if errors.Is(e.Err, ErrVersion) {
		advice = "read this ledger with that version"
	} else if strings.Contains(e.Name, "/digests/") {
		advice = "delete it: it is made again from the segments"
	}
	return fmt.Sprintf("ledger segment %s: %v (%s)", e.Name, e.Err, advice)
}

// Unwrap returns the cause.
func (e *SegmentError) Unwrap() error { return e.Err }

// load reads a segment whole, as Store has no other reading, and opens it. The file itself
// being bad is a SegmentError; the store not answering is not.
func load(ctx context.Context, st store.Store, a store.Attrs) (*parquet.File, error) {
	data, _, err := st.Read(ctx, a.Name, store.ReadOptions{Generation: a.Generation, Limit: maxSegment})
	switch {
	case errors.Is(err, store.ErrTooLarge), errors.Is(err, store.ErrNotExist), errors.Is(err, store.ErrLink):
		return nil, &SegmentError{a.Name, err}
	case err != nil:
		return nil, fmt.Errorf("read ledger segment %s of %s: %w", a.Name, st, err)
	}
	f, err := open(data)
	if err == nil {
		err = checkVersion(f)
	}
	if err != nil {
		return nil, &SegmentError{a.Name, err}
	}
	return f, nil
}

// checkVersion reports a segment of a later version. One without counts in its footer, as
// other programs write it that copy a ledger, is judged by its columns alone.
func checkVersion(f *parquet.File) error {
	text, ok := f.Lookup(metadataKey)
	if !ok {
		return nil
	}
	if _, err := parseCounts(text); errors.Is(err, ErrVersion) {
		return err
	}
	return nil
}

// outcomesOf decodes all of a segment: a file that turns out to be damaged at its end has
// then done no harm with its beginning.
func outcomesOf(f *parquet.File) ([]Outcome, error) {
	var all []Outcome
	for r, err := range rowsOf[row](f) {
		if err != nil {
			return nil, err
		}
		o, err := r.outcome()
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}
