package batch_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"burnish/queue"
	"burnish/worker/batch"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

func TestTurns(t *testing.T) {
	pause := func(ctx context.Context, st store.Store, id string) (*batch.Batch, error) {
		return batch.Pause(ctx, st, id, "ann")
	}
	cancel := func(ctx context.Context, st store.Store, id string) (*batch.Batch, error) {
		return batch.Cancel(ctx, st, id, "ann")
	}
	move := func(ctx context.Context, st store.Store, id string) (*batch.Batch, error) {
		return batch.Move(ctx, st, id, queue.Upload)
	}
	finish := func(ctx context.Context, st store.Store, id string) (*batch.Batch, error) {
		b, err := batch.Load(ctx, st, id)
		if err == nil {
			err = b.Finish(ctx, st, batch.Finished, batch.Totals{})
		}
		return b, err
	}
	type step = func(context.Context, store.Store, string) (*batch.Batch, error)
	cases := []struct {
		name  string
		kind  batch.Kind
		steps []step
		state batch.State // after the last, empty if that is refused
	}{
		{"pause", batch.Backfill, []step{pause}, batch.Paused},
		{"pause twice", batch.Backfill, []step{pause, pause}, ""},
		{"pause and resume", batch.Rerun, []step{pause, batch.Continue}, batch.Running},
		{"resume what runs", batch.Backfill, []step{batch.Continue}, ""},
		{"cancel", batch.Backfill, []step{cancel}, batch.Cancelled},
		{"cancel in a pause", batch.Backfill, []step{pause, cancel}, batch.Cancelled},
		{"resume what is cancelled", batch.Backfill, []step{cancel, batch.Continue}, ""},
		{"pause what is finished", batch.Backfill, []step{finish, pause}, ""},
		{"cancel what is finished", batch.Backfill, []step{finish, cancel}, ""},
		{"finish what is cancelled", batch.Backfill, []step{cancel, finish}, ""},
		{"pause a run", batch.Run, []step{pause}, ""},
		{"move", batch.Backfill, []step{move}, batch.Running},
		{"move in a pause", batch.Backfill, []step{pause, move}, batch.Paused},
		{"move what is finished", batch.Backfill, []step{finish, move}, ""},
		{"move a run", batch.Run, []step{move}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			st := newMemory()
			id := start(t, st, batch.Batch{Kind: c.kind}).ID
			for i, s := range c.steps {
				b, err := s(t.Context(), st, id)
				switch {
				case i < len(c.steps)-1 || c.state != "":
					if err != nil {
						t.Fatal(err)
					}
				case err == nil:
					t.Errorf("it became %s", b.State)
				}
			}
			if b := load(t, st, id); c.state != "" && b.State != c.state {
				t.Errorf("it is %s, want %s", b.State, c.state)
			}
		})
	}
}

// TestUpdateAgainstOthers changes one record from many sides at once.
func TestUpdateAgainstOthers(t *testing.T) {
	st := newMemory()
	id := start(t, st, batch.Batch{Kind: batch.Backfill}).ID
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			_, err := batch.Update(t.Context(), st, id, func(b *batch.Batch) error {
				b.Totals.Published++
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := load(t, st, id).Totals.Published; n != 8 {
		t.Errorf("%d of 8 changes are left", n)
	}
}

// TestBeginRerun takes up a rerun of the same batch that asks for the same, and no other.
func TestBeginRerun(t *testing.T) {
	ask := batch.Batch{Kind: batch.Rerun, Repairs: "20261127T000000Z-old", Reason: "truncated", Fingerprint: current, RecipeID: "abc"}
	for name, c := range map[string]struct {
		left    batch.State
		change  func(*batch.Batch)
		adopted bool
	}{
		"killed":                {batch.Running, func(*batch.Batch) {}, true},
		"interrupted":           {batch.Interrupted, func(b *batch.Batch) { b.By = "bob" }, true},
		"finished":              {batch.Finished, func(*batch.Batch) {}, false},
		"of another batch":      {batch.Running, func(b *batch.Batch) { b.Repairs = "20261126T000000Z-older" }, false},
		"for another reason":    {batch.Running, func(b *batch.Batch) { b.Reason = "" }, false},
		"with another recipe":   {batch.Running, func(b *batch.Batch) { b.RecipeID = "def" }, false},
		"of a part":             {batch.Running, func(b *batch.Batch) { b.Filter.Prefix = "shoes/" }, false},
		"a backfill, no repair": {batch.Running, func(b *batch.Batch) { *b = batch.Batch{Kind: batch.Backfill} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newMemory()
				first := start(t, st, ask)
				outcome(t, st, first.ID)
				time.Sleep(time.Minute)
				if _, err := batch.Update(t.Context(), st, first.ID, func(b *batch.Batch) error { b.State = c.left; return nil }); err != nil {
					t.Fatal(err)
				}
				other := ask
				c.change(&other)
				b, adopted, err := batch.Begin(t.Context(), st, other)
				if err != nil || adopted != c.adopted || (b.ID == first.ID) != c.adopted || b.State != batch.Running {
					t.Errorf("adopted: %v, %v; %+v", adopted, err, b)
				}
				if adopted && b.Totals.Done != 1 {
					t.Errorf("what was done before: %+v", b.Totals)
				}
			})
		})
	}
}

func TestBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		st := newMemory()
		ask := batch.Batch{Kind: batch.Backfill, Source: "gs://in", Dest: "gs://out", Fingerprint: current, Filter: batch.Filter{Glob: "**/*.jpg", Since: day(t, "2026-11-27")}, By: "ann"}
		begin := func(b batch.Batch) (*batch.Batch, bool) {
			t.Helper()
			time.Sleep(time.Minute)
			got, adopted, err := batch.Begin(ctx, st, b)
			if err != nil {
				t.Fatal(err)
			}
			return got, adopted
		}
		first, adopted := begin(ask)
		if adopted {
			t.Fatal("there was nothing to take up")
		}
		outcome(t, st, first.ID) // and then it is killed
		if _, err := batch.Update(ctx, st, first.ID, func(b *batch.Batch) error { b.Totals.Published = 9; return nil }); err != nil {
			t.Fatal(err)
		}
		ask.By = "bob"
		again, adopted := begin(ask)
		if !adopted || again.ID != first.ID || again.By != "bob" || again.Totals.Done != 1 || again.Totals.Published != 9 {
			t.Errorf("after a death: %v, %+v", adopted, again)
		}
		if _, err := batch.Pause(ctx, st, first.ID, "ann"); err != nil {
			t.Fatal(err)
		}
		if again, adopted = begin(ask); !adopted || again.State != batch.Paused {
			t.Errorf("after a death in a pause: %v, %+v", adopted, again)
		}
		if err := again.Finish(ctx, st, batch.Interrupted, again.Totals); err != nil {
			t.Fatal(err)
		}
		if again, adopted = begin(ask); !adopted || again.State != batch.Paused {
			t.Errorf("after a signal in a pause: %v, %+v", adopted, again)
		}
		other := ask
		other.Filter.Glob = "**/*.png"
		second, adopted := begin(other)
		if adopted || second.ID == first.ID {
			t.Errorf("another question: %v, %+v", adopted, second)
		}
		if b := load(t, st, first.ID); b.State != batch.Interrupted {
			t.Errorf("what is given up is %s", b.State)
		}
		if err := second.Finish(ctx, st, batch.Interrupted, batch.Totals{}); err != nil {
			t.Fatal(err)
		}
		if again, adopted = begin(other); !adopted || again.State != batch.Running {
			t.Errorf("after a signal: %v, %+v", adopted, again)
		}
		if err := again.Finish(ctx, st, batch.Finished, batch.Totals{}); err != nil {
			t.Fatal(err)
		}
		if again, adopted = begin(other); adopted || again.ID == second.ID {
			t.Errorf("after the end: %v, %+v", adopted, again)
		}
	})
}

func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newMemory()
		id := start(t, st, batch.Batch{Kind: batch.Backfill}).ID
		w := batch.NewWatch(st)
		if w.Cancelled(t.Context(), id) || w.Cancelled(t.Context(), "20261127T000000Z-upload") || w.Cancelled(t.Context(), "../x") {
			t.Error("cancelled from the start")
		}
		if _, err := batch.Cancel(t.Context(), st, id, "ann"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(15 * time.Second)
		if !w.Cancelled(t.Context(), id) {
			t.Error("15 s later it does not know")
		}
		st.remove(ledger.Folder(id) + "batch.json")
		time.Sleep(time.Minute)
		if !w.Cancelled(t.Context(), id) {
			t.Error("it forgets what it knew")
		}
		for i := range 1000 { // bounded: none of them is kept for long
			if w.Cancelled(t.Context(), fmt.Sprint("b", i)) {
				t.Fatal("of a batch that is none")
			}
		}
	})
}

// TestWatchFromManySides asks at once about a batch that nobody has looked at.
func TestWatchFromManySides(t *testing.T) {
	st := newMemory()
	id := start(t, st, batch.Batch{Kind: batch.Backfill}).ID
	if _, err := batch.Cancel(t.Context(), st, id, "ann"); err != nil {
		t.Fatal(err)
	}
	w := batch.NewWatch(st)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if !w.Cancelled(t.Context(), id) {
				t.Error("a photo of a cancelled batch is done")
			}
		})
	}
	all.Wait()
}

func TestUnfinished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newMemory()
		if id, err := batch.Unfinished(t.Context(), st); !errors.Is(err, store.ErrNotExist) {
			t.Errorf("%s, %v", id, err)
		}
		old := start(t, st, batch.Batch{Kind: batch.Backfill})
		time.Sleep(time.Second)
		start(t, st, batch.Batch{Kind: batch.Run})
		time.Sleep(time.Second)
		ended := start(t, st, batch.Batch{Kind: batch.Backfill})
		if err := ended.Finish(t.Context(), st, batch.Finished, batch.Totals{}); err != nil {
			t.Fatal(err)
		}
		if id, err := batch.Unfinished(t.Context(), st); err != nil || id != old.ID {
			t.Errorf("%s, %v; want %s", id, err, old.ID)
		}
	})
}
