package ledger_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"burnish/worker/ledger"
	"burnish/worker/store"
)

// next returns the keys of the outcomes that have come, and the errors.
func next(t *testing.T, f *ledger.Follower) (keys []string, errs []error) {
	t.Helper()
	for o, err := range f.Next(t.Context()) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		keys = append(keys, string(o.Key))
	}
	return keys, errs
}

func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newMemory()
		write := func(keys ...string) {
			t.Helper()
			w := newWriter(t, st, ledger.Options{})
			for _, key := range keys {
				record(t, w, done(key, 100, 10, 10))
			}
			if err := w.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		expect := func(f *ledger.Follower, want ...string) {
			t.Helper()
			if keys, errs := next(t, f); !slices.Equal(keys, want) || len(errs) > 0 {
				t.Errorf("%q, %v; want %q", keys, errs, want)
			}
		}
		write("before")
		f, err := ledger.Follow(t.Context(), st, batch)
		if err != nil {
			t.Fatal(err)
		}
		expect(f)
		write("a", "b")
		time.Sleep(time.Second) // names of one second come in any order
		write("a")              // delivered twice
		expect(f, "a", "b", "a")
		expect(f)
		for range 5 { // over hours, with nothing in between
			time.Sleep(50 * time.Minute)
			write("c")
			expect(f, "c")
		}
		reads := len(st.reads)
		expect(f)
		if len(st.reads) != reads {
			t.Errorf("segments are read again: %q", st.reads[reads:])
		}

		// What cannot be read is said once, and keeps nothing else back.
		st.Put(store.Attrs{Name: ledger.Folder(batch) + "ledger/" + time.Now().UTC().Format("20060102T150405Z") + "-torn.parquet"}, []byte("PAR1"))
		st.Put(store.Attrs{Name: ledger.Folder(batch) + "ledger/note.txt"}, nil)
		write("d")
		keys, errs := next(t, f)
		var bad *ledger.SegmentError
		if !slices.Equal(keys, []string{"d"}) || len(errs) != 1 || !errors.As(errs[0], &bad) {
			t.Errorf("%q, %v", keys, errs)
		}
		expect(f)

		// A store that does not answer is asked again.
		write("e")
		st.onList = func() error { return store.ErrUnavailable }
		if keys, errs := next(t, f); len(keys) > 0 || len(errs) != 1 {
			t.Errorf("%q, %v", keys, errs)
		}
		st.onList = nil
		expect(f, "e")
	})
}
