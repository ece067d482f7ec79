package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

const batch = "20261122T203000Z-abcdef"

var noon = time.Date(2026, 11, 22, 12, 0, 0, 123456000, time.UTC)

func done(key string, source, jpeg, avif int64) ledger.Outcome {
	return ledger.Outcome{
		Batch:       batch,
		Key:         queue.Key(key),
		Generation:  1763812800000001,
		Lane:        queue.Backfill,
		Status:      ledger.Done,
		Recipe:      "catalogue",
		Fingerprint: "f00d",
		Attempt:     1,
		SourceBytes: source,
		Written: map[imaging.Format]ledger.Written{
			imaging.JPEG: {Variants: 4, Bytes: jpeg},
			imaging.AVIF: {Variants: 4, Bytes: avif},
		},
		CPU:     240 * time.Millisecond,
		Elapsed: 300 * time.Millisecond,
		Ended:   noon,
	}
}

func ended(key string, s ledger.Status, r imaging.Reason, at time.Duration) ledger.Outcome {
	return ledger.Outcome{
		Batch: batch, Key: queue.Key(key), Generation: 7, Lane: queue.Upload, Status: s, Reason: r,
		Message: "what was wrong", Recipe: "catalogue", Fingerprint: "f00d", Attempt: 2,
		SourceBytes: 10, Ended: noon.Add(at),
	}
}

func newWriter(t *testing.T, st store.Store, opts ledger.Options) *ledger.Writer {
	t.Helper()
	w, err := ledger.NewWriter(st, batch, opts)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func record(t *testing.T, w *ledger.Writer, all ...ledger.Outcome) {
	t.Helper()
	for _, o := range all {
		if err := w.Record(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
}

func closed(t *testing.T, w *ledger.Writer) {
	t.Helper()
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// write makes one segment of the outcomes.
func write(t *testing.T, st store.Store, all ...ledger.Outcome) {
	t.Helper()
	w := newWriter(t, st, ledger.Options{})
	record(t, w, all...)
	closed(t, w)
}

func keys(t *testing.T, st store.Store, f ledger.Filter) []string {
	t.Helper()
	var ks []string
	for o, err := range ledger.Outcomes(t.Context(), st, batch, f) {
		if err != nil {
			t.Fatal(err)
		}
		ks = append(ks, string(o.Key))
	}
	return ks
}

func TestWriterKeepsEverything(t *testing.T) {
	long := strings.Repeat("ß", 600)
	want := []ledger.Outcome{
		done("a/photo.jpg", 5_000_000, 800_000, 300_000),
		ended("bad \xff\xfe\\name\n.jpg", ledger.Failed, imaging.Corrupt, time.Second),
		ended("日本語/写真.png", ledger.Skipped, imaging.NotAPhoto, time.Minute),
		ended("", ledger.Failed, imaging.Malformed, 0),
		{Batch: batch, Key: "least", Status: ledger.Done, Ended: noon},
	}
	want[1].Message = "bytes \xff in a message"
	want[2].Message = long
	st := newMemory()
	write(t, st, want...)
	var got []ledger.Outcome
	for o, err := range ledger.Outcomes(t.Context(), st, batch, ledger.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, o)
	}
	want[1].Message = "bytes \uFFFD in a message"
	want[2].Message = strings.Repeat("ß", 498) + "…"
	if d := cmp.Diff(want, got, cmpopts.SortSlices(func(a, b ledger.Outcome) bool { return a.Key < b.Key })); d != "" {
		t.Errorf("outcomes (-want +got):\n%s", d)
	}
}

func TestWriterFlushes(t *testing.T) {
	cases := []struct {
		name     string
		opts     ledger.Options
		rows     int
		wait     time.Duration
		segments int
	}{
		{"not yet", ledger.Options{}, 10, 59 * time.Second, 0},
		{"by age", ledger.Options{}, 10, 61 * time.Second, 1},
		{"by number", ledger.Options{MaxRows: 4}, 10, time.Second, 2},
		{"by number and age", ledger.Options{MaxRows: 4, MaxAge: time.Second}, 10, 3 * time.Second, 3},
		{"nothing", ledger.Options{MaxAge: time.Second}, 0, time.Hour, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newMemory()
				w := newWriter(t, st, c.opts)
				for i := range c.rows {
					record(t, w, ended(fmt.Sprint(i), ledger.Failed, imaging.Timeout, 0))
					synctest.Wait()
				}
				time.Sleep(c.wait)
				synctest.Wait()
				if got := len(st.names()); got != c.segments {
					t.Errorf("%d segments, want %d: %q", got, c.segments, st.names())
				}
				closed(t, w)
				if got := len(keys(t, st, ledger.Filter{})); got != c.rows {
					t.Errorf("%d outcomes after Close, want %d", got, c.rows)
				}
			})
		})
	}
}

func TestFlushMakesDurable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newMemory()
		w := newWriter(t, st, ledger.Options{})
		for i := range 3 {
			record(t, w, ended(fmt.Sprint(i), ledger.Failed, imaging.Timeout, 0))
			if err := w.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := len(st.names()); got != i+1 {
				t.Fatalf("%d segments after flush %d", got, i)
			}
		}
		if err := w.Flush(t.Context()); err != nil {
			t.Errorf("flush of nothing: %v", err)
		}
		closed(t, w)
		if err := w.Flush(t.Context()); !errors.Is(err, ledger.ErrClosed) {
			t.Errorf("flush after close: %v", err)
		}
	})
}

func TestSegmentNamesSortByTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newMemory()
		a, b := newWriter(t, st, ledger.Options{MaxAge: time.Second}), newWriter(t, st, ledger.Options{MaxAge: time.Second})
		for i := range 12 {
			record(t, a, ended(fmt.Sprintf("%02d-a", i), ledger.Failed, imaging.Timeout, 0))
			record(t, b, ended(fmt.Sprintf("%02d-b", i), ledger.Failed, imaging.Timeout, 0))
			time.Sleep(2 * time.Second)
		}
		closed(t, a)
		closed(t, b)
		if n := len(st.names()); n != 24 {
			t.Fatalf("%d segments of two writers, want 24", n)
		}
		var last string
		for _, k := range keys(t, st, ledger.Filter{}) {
			if k[:2] < last {
				t.Errorf("%s after %s", k, last)
			}
			last = k[:2]
		}
	})
}

func TestWriterSurvivesTrouble(t *testing.T) {
	cases := []struct {
		name  string
		fault func(*memory)
	}{
		{"no answer twice", func(m *memory) { m.onWrite = times(2, store.ErrUnavailable) }},
		{"throttled ten times", func(m *memory) { m.onWrite = times(10, store.ErrThrottled) }},
		{"reply lost", func(m *memory) { m.lost = times(1, store.ErrUnavailable) }},
		{"name taken", func(m *memory) {
			m.onWrite = func(name string) error {
				m.onWrite = nil
				m.change(name, func(o *object) { o.data = []byte("somebody else's") })
				return nil
			}
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newMemory()
				c.fault(st)
				w := newWriter(t, st, ledger.Options{MaxRows: 2})
				for i := range 9 {
					record(t, w, ended(fmt.Sprint(i), ledger.Failed, imaging.Timeout, 0))
				}
				closed(t, w)
				sum, err := ledger.Summarize(t.Context(), st, batch)
				var bad *ledger.SegmentError
				if err != nil && !(c.name == "name taken" && errors.As(err, &bad)) {
					t.Fatal(err)
				}
				if got := sum.Failed[imaging.Timeout]; got != 9 {
					t.Errorf("%d outcomes kept, want each of 9 once", got)
				}
			})
		})
	}
}

// times returns a hook that gives err n times, then nil.
func times(n int, err error) func(string) error {
	return func(string) error {
		if n--; n >= 0 {
			return err
		}
		return nil
	}
}

func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newMemory()
		var full atomic.Bool
		full.Store(true)
		st.onWrite = func(string) error {
			if full.Load() {
				return store.ErrFull
			}
			return nil
		}
		w := newWriter(t, st, ledger.Options{MaxAge: time.Second})
		record(t, w, ended("first", ledger.Failed, imaging.Timeout, 0))
		if err := w.Flush(t.Context()); !errors.Is(err, store.ErrFull) {
			t.Errorf("Flush: %v, want ErrFull", err)
		}
		if err := w.Record(t.Context(), ended("second", ledger.Failed, imaging.Timeout, 0)); !errors.Is(err, store.ErrFull) {
			t.Errorf("Record: %v, want ErrFull", err)
		}
		full.Store(false)
		time.Sleep(time.Minute)
		record(t, w, ended("third", ledger.Failed, imaging.Timeout, 0))
		full.Store(true)
		err := w.Close(t.Context())
		if !errors.Is(err, store.ErrFull) || !strings.Contains(err.Error(), "1 outcomes are not recorded") {
			t.Errorf("Close: %v, want one outcome lost to ErrFull", err)
		}
		if got := keys(t, st, ledger.Filter{}); !cmp.Equal(got, []string{"first"}) {
			t.Errorf("kept %q, want the first", got)
		}
	})
}

func TestCloseGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newMemory()
		st.onWrite = func(string) error { return store.ErrUnavailable }
		w := newWriter(t, st, ledger.Options{})
		record(t, w, ended("a", ledger.Failed, imaging.Timeout, 0), ended("b", ledger.Failed, imaging.Timeout, 0))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		err := w.Close(ctx)
		if !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "2 outcomes") {
			t.Errorf("Close: %v", err)
		}
		if err := w.Record(t.Context(), ended("c", ledger.Failed, imaging.Timeout, 0)); !errors.Is(err, ledger.ErrClosed) {
			t.Errorf("Record after Close: %v", err)
		}
	})
}

func TestRecordBlocksWhileStoreIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newMemory()
		slow := make(chan struct{})
		st.onWrite = func(string) error { <-slow; return nil }
		w := newWriter(t, st, ledger.Options{MaxRows: 3})
		taken := 0
		go func() {
			for range 20 {
				if w.Record(t.Context(), ended(fmt.Sprint(taken), ledger.Failed, imaging.Timeout, 0)) == nil {
					taken++
				}
			}
		}()
		synctest.Wait()
		if taken != 6 {
			t.Errorf("%d outcomes taken while nothing can be written, want two segments' worth, 6", taken)
		}
		close(slow)
		synctest.Wait()
		closed(t, w)
		if got := len(keys(t, st, ledger.Filter{})); got != 20 {
			t.Errorf("%d outcomes kept, want 20", got)
		}
	})
}

func TestConcurrentRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newMemory()
		w := newWriter(t, st, ledger.Options{MaxRows: 40})
		accepted := make(chan int)
		for g := range 8 {
			go func() {
				n := 0
				for i := 0; w.Record(t.Context(), ended(fmt.Sprint(g, "/", i), ledger.Failed, imaging.Timeout, 0)) == nil; i++ {
					n++
					time.Sleep(time.Millisecond)
				}
				accepted <- n
			}()
		}
		time.Sleep(100 * time.Millisecond)
		closed(t, w)
		want := 0
		for range 8 {
			want += <-accepted
		}
		if got := len(keys(t, st, ledger.Filter{})); got != want || want == 0 {
			t.Errorf("%d outcomes kept of %d accepted", got, want)
		}
	})
}

func TestRecordRefuses(t *testing.T) {
	cases := []struct {
		name   string
		change func(*ledger.Outcome)
		says   string
	}{
		{"another batch", func(o *ledger.Outcome) { o.Batch = "other" }, `belongs to batch "other"`},
		{"no status", func(o *ledger.Outcome) { o.Status = "" }, "not done, skipped or failed"},
		{"failed without reason", func(o *ledger.Outcome) { o.Reason = "" }, "not a word"},
		{"reason that is a sentence", func(o *ledger.Outcome) { o.Reason = "Out of luck" }, "not a word"},
		{"done with reason", func(o *ledger.Outcome) { o.Status = ledger.Done }, "must have none"},
		{"format without columns", func(o *ledger.Outcome) {
			o.Written = map[imaging.Format]ledger.Written{imaging.GIF: {Variants: 1, Bytes: 1}}
		}, `written as "gif"`},
		{"negative size", func(o *ledger.Outcome) { o.SourceBytes = -1 }, "-1"},
		{"negative time", func(o *ledger.Outcome) { o.CPU = -1 }, "-1ns"},
		{"year 12026", func(o *ledger.Outcome) { o.Ended = o.Ended.AddDate(10000, 0, 0) }, "12026"},
	}
	st := newMemory()
	w := newWriter(t, st, ledger.Options{})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := ended("a.jpg", ledger.Failed, imaging.Corrupt, 0)
			c.change(&o)
			if err := w.Record(t.Context(), o); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want an error with %q", err, c.says)
			}
		})
	}
	closed(t, w)
	if n := len(st.names()); n != 0 {
		t.Errorf("%d segments of refused outcomes", n)
	}
}

func TestBatchIDs(t *testing.T) {
	for _, id := range []string{"", ".", "..", "a/b", "-a", "ä", "a b", strings.Repeat("a", 129)} {
		if _, err := ledger.NewWriter(newMemory(), id, ledger.Options{}); err == nil {
			t.Errorf("%q is taken for a batch id", id)
		}
	}
}
