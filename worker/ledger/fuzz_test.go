package ledger_test

import (
	"errors"
	"testing"

	"burnish/worker/ledger"
)

// FuzzSegment reads whatever a shared folder may hold: the outcome is a SegmentError or a
// summary that a Writer could have written, never a panic.
func FuzzSegment(f *testing.F) {
	st := newMemory()
	w, err := ledger.NewWriter(st, batch, ledger.Options{})
	if err != nil {
		f.Fatal(err)
	}
	for _, o := range mixed {
		if err := w.Record(f.Context(), o); err != nil {
			f.Fatal(err)
		}
	}
	if err := w.Close(f.Context()); err != nil {
		f.Fatal(err)
	}
	name := st.names()[0]
	good := st.object(name)
	f.Add(good.data, "")
	f.Add([]byte{}, good.attrs.Metadata["ledger"])
	f.Fuzz(func(t *testing.T, data []byte, meta string) {
		st := newMemory()
		st.change(name, func(o *object) {
			o.data = data
			o.attrs.Metadata = map[string]string{"ledger": meta}
		})
		s, err := ledger.Summarize(t.Context(), st, batch)
		var bad *ledger.SegmentError
		if err != nil && !errors.As(err, &bad) {
			t.Errorf("%v is no SegmentError", err)
		}
		if s.Done < 0 || s.CPU < 0 || s.Last.Before(s.First) || len(s.Savings) > 5 {
			t.Errorf("summary %+v", s)
		}
		for _, err := range ledger.Outcomes(t.Context(), st, batch, ledger.Filter{}) {
			if err != nil && !errors.As(err, &bad) {
				t.Errorf("%v is no SegmentError", err)
			}
		}
	})
}
