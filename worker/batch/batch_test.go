package batch_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"burnish/imaging"
	"burnish/worker/batch"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

var update = flag.Bool("update", false, "write the golden files")

var asked = batch.Batch{
	Kind:        batch.Run,
	Source:      "/photos/<new> & \"old\"",
	Dest:        "/out",
	Recipe:      "catalogue",
	Fingerprint: current,
	By:          "ann@studio",
}

func start(t *testing.T, st store.Store, b batch.Batch) *batch.Batch {
	t.Helper()
	got, err := batch.Start(t.Context(), st, b)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func load(t *testing.T, st store.Store, id string) *batch.Batch {
	t.Helper()
	b, err := batch.Load(t.Context(), st, id)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func same(t *testing.T, want, got *batch.Batch) {
	t.Helper()
	if d := gocmp.Diff(want, got, cmpopts.IgnoreUnexported(batch.Batch{})); d != "" {
		t.Errorf("batch (-want +got):\n%s", d)
	}
}

func TestGolden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newMemory()
		b := start(t, st, asked)
		time.Sleep(90*time.Second + 5*time.Millisecond)
		totals := batch.Totals{Seen: 10, Fresh: 4, Published: 6, Done: 3, Skipped: 1, Failed: 2, SourceBytes: 9000, WrittenBytes: 800}
		if err := b.Finish(t.Context(), st, batch.Finished, totals); err != nil {
			t.Fatal(err)
		}
		got := st.body(ledger.Folder(b.ID) + "batch.json")
		got = strings.Replace(got, b.ID[len(b.ID)-8:], "89abcdef", 1) // the random part
		if *update {
			if err := os.WriteFile("testdata/batch.json", []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile("testdata/batch.json")
		if err != nil {
			t.Fatal(err)
		}
		if d := gocmp.Diff(string(want), got); d != "" {
			t.Errorf("batch.json (-want +got):\n%s", d)
		}
		same(t, b, load(t, st, b.ID))
	})
}

func TestIDsSortByTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newMemory()
		last := ""
		for range 20 {
			b := start(t, st, batch.Batch{Kind: batch.Backfill})
			if b.ID <= last {
				t.Errorf("%s after %s", b.ID, last)
			}
			last = b.ID
			time.Sleep(37 * time.Millisecond)
		}
		var listed []string
		for b, err := range batch.List(t.Context(), st) {
			if err != nil {
				t.Fatal(err)
			}
			listed = append(listed, b.ID)
		}
		if len(listed) != 20 || listed[0] != last {
			t.Errorf("listed %q, want 20 and the newest first", listed)
		}
	})
}

// TestDeadRun starts a run after one that was killed, and other batches that still run.
func TestDeadRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newMemory()
		finished := start(t, st, asked)
		if err := finished.Finish(t.Context(), st, batch.Finished, batch.Totals{Seen: 1}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		backfill := start(t, st, batch.Batch{Kind: batch.Backfill})
		time.Sleep(time.Second)
		dead := start(t, st, asked)
		outcome(t, st, dead.ID)
		time.Sleep(time.Hour)
		rerun := start(t, st, batch.Batch{Kind: batch.Rerun})
		next := start(t, st, asked)

		want := *dead
		want.State = batch.Interrupted
		want.Totals = batch.Totals{Done: 1, Failed: 1, SourceBytes: 100, WrittenBytes: 40}
		want.Ended = dead.Started.Add(2 * time.Second)
		same(t, &want, load(t, st, dead.ID))
		for _, b := range []*batch.Batch{finished, backfill, rerun, next} {
			same(t, b, load(t, st, b.ID))
		}
		// In a bucket, which nobody holds alone, it may have been alive.
		if err := dead.Finish(t.Context(), st, batch.Finished, batch.Totals{Done: 3}); err != nil {
			t.Errorf("the dead finishes: %v", err)
		}
		same(t, dead, load(t, st, dead.ID))
	})
}

// outcome records one photo done and one failed, and a file that is no segment.
func outcome(t *testing.T, st *memory, id string) {
	t.Helper()
	w, err := ledger.NewWriter(st, id, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []ledger.Outcome{
		{Key: "a", Status: ledger.Done, SourceBytes: 100, Ended: time.Now().Add(time.Second), Written: map[imaging.Format]ledger.Written{
			imaging.JPEG: {Variants: 1, Bytes: 30}, imaging.AVIF: {Variants: 1, Bytes: 10},
		}},
		{Key: "b", Status: ledger.Failed, Reason: imaging.Corrupt, SourceBytes: 5, Ended: time.Now().Add(2 * time.Second)},
	} {
		if err := w.Record(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	st.put(store.Attrs{Name: ledger.Folder(id) + "ledger/torn.parquet", Generation: 1})
}

func TestStartRefuses(t *testing.T) {
	cases := []struct {
		name  string
		b     batch.Batch
		store func(*memory)
		is    error
	}{
		{"a kind that is none", batch.Batch{Kind: "walk"}, func(*memory) {}, batch.ErrRecord},
		{"a store that does not list", asked, func(m *memory) {
			m.failAt = "1.parquet"
			m.put(store.Attrs{Name: ledger.Folder("20000101T000000Z-a") + "ledger/1.parquet"})
		}, store.ErrUnavailable},
		{"a full disk", asked, func(m *memory) { m.onWrite = store.ErrFull }, store.ErrFull},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			st := newMemory()
			c.store(st)
			if _, err := batch.Start(t.Context(), st, c.b); !errors.Is(err, c.is) {
				t.Errorf("got %v, want %v", err, c.is)
			}
		})
	}
}

func TestFinish(t *testing.T) {
	cases := []struct {
		name   string
		before func(*memory, *batch.Batch)
		state  batch.State
		is     error
		says   string
	}{
		{"finished", func(*memory, *batch.Batch) {}, batch.Finished, nil, ""},
		{"still running", func(*memory, *batch.Batch) {}, batch.Running, nil, "cannot become running"},
		{"no state", func(*memory, *batch.Batch) {}, "over", batch.ErrRecord, `"over"`},
		{"twice", func(m *memory, b *batch.Batch) {
			_ = b.Finish(context.Background(), m, batch.Failed, batch.Totals{})
		}, batch.Finished, nil, "is failed and cannot become finished"},
		{"taken for dead", func(m *memory, _ *batch.Batch) { _, _ = batch.Start(context.Background(), m, asked) }, batch.Finished, nil, ""},
		{"ended by another", func(m *memory, b *batch.Batch) {
			other := *b
			_ = other.Finish(context.Background(), m, batch.Failed, batch.Totals{})
		}, batch.Finished, batch.ErrChanged, "is failed"},
		{"record deleted", func(m *memory, b *batch.Batch) { m.remove(ledger.Folder(b.ID) + "batch.json") }, batch.Finished, store.ErrNotExist, "batch.json"},
		{"no answer", func(m *memory, b *batch.Batch) { m.onWrite = store.ErrUnavailable }, batch.Finished, store.ErrUnavailable, "batch.json"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			st := newMemory()
			b := start(t, st, asked)
			c.before(st, b)
			err := b.Finish(t.Context(), st, c.state, batch.Totals{Done: 1})
			switch {
			case c.is == nil && c.says == "" && err != nil:
				t.Fatal(err)
			case c.is != nil && !errors.Is(err, c.is), c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
				t.Errorf("got %v, want %v saying %q", err, c.is, c.says)
			}
			if err == nil {
				same(t, b, load(t, st, b.ID))
			}
		})
	}
}

// TestLostReply finishes again after a write that took place although it was reported lost.
func TestLostReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newMemory()
		b := start(t, st, asked)
		st.onWrite = store.ErrUnavailable
		if err := b.Finish(t.Context(), st, batch.Finished, batch.Totals{Done: 1}); !errors.Is(err, store.ErrUnavailable) {
			t.Fatalf("got %v", err)
		}
		time.Sleep(time.Second)
		if err := b.Finish(t.Context(), st, batch.Finished, batch.Totals{Done: 1}); err != nil {
			t.Errorf("second attempt: %v", err)
		}
	})
}

func TestLoadRefuses(t *testing.T) {
	st := newMemory()
	b := start(t, st, asked)
	name := ledger.Folder(b.ID) + "batch.json"
	good := st.body(name)
	cases := []struct {
		name string
		data string
		is   error
	}{
		{"empty", "", batch.ErrRecord},
		{"cut off", good[:len(good)/2], batch.ErrRecord},
		{"huge", good + strings.Repeat(" ", 1<<20), batch.ErrRecord},
		{"followed by another", good + good, batch.ErrRecord},
		{"another field", strings.Replace(good, `"id"`, `"mood": "good", "id"`, 1), batch.ErrRecord},
		{"another's", strings.Replace(good, b.ID, "x", 1), batch.ErrRecord},
		{"unknown state", strings.Replace(good, `"running"`, `"resting"`, 1), batch.ErrRecord},
		{"unknown kind", strings.Replace(good, `"run"`, `"walk"`, 1), batch.ErrRecord},
		{"no version", strings.Replace(good, `"version": 1`, `"version": 0`, 1), batch.ErrRecord},
		{"later version", strings.Replace(good, `"version": 1`, `"version": 2, "mood": "good"`, 1), batch.ErrVersion},
		{"null", "null", batch.ErrRecord},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			st.Put(store.Attrs{Name: name, Size: int64(len(c.data))}, []byte(c.data))
			if _, err := batch.Load(t.Context(), st, b.ID); !errors.Is(err, c.is) || !strings.Contains(err.Error(), name) {
				t.Errorf("got %v, want %v naming the file", err, c.is)
			}
			n := 0
			for _, err := range batch.List(t.Context(), st) {
				if n++; !errors.Is(err, c.is) {
					t.Errorf("listed with %v, want %v", err, c.is)
				}
			}
			if n != 1 {
				t.Errorf("listed %d times", n)
			}
			if _, err := batch.Start(t.Context(), newCopy(st), asked); err != nil {
				t.Errorf("it keeps the next run from starting: %v", err)
			}
		})
	}
	t.Run("absent", func(t *testing.T) {
		if _, err := batch.Load(t.Context(), newMemory(), b.ID); !errors.Is(err, store.ErrNotExist) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a path", func(t *testing.T) {
		if _, err := batch.Load(t.Context(), newMemory(), "../x"); err == nil {
			t.Error("a path is taken for an id")
		}
	})
}

func newCopy(m *memory) *memory {
	c := newMemory()
	for a := range m.List(context.Background(), store.Range{}) {
		_, data := m.Object(a.Name)
		c.Put(a, data)
	}
	return c
}
