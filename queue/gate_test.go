package queue

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(2)
		var mu sync.Mutex
		var order []Lane
		visit := func(lane Lane) {
			if g.Enter(t.Context(), lane) == nil {
				mu.Lock()
				order = append(order, lane)
				mu.Unlock()
				time.Sleep(time.Second)
				g.Leave()
			}
		}
		for _, lane := range []Lane{Backfill, Backfill, Backfill, Rerun, Upload, Upload} {
			go visit(lane)
			synctest.Wait() // they come one after the other
		}
		mu.Lock()
		if want := []Lane{Backfill, Backfill}; !slices.Equal(order, want) {
			t.Errorf("two places let in %v", order)
		}
		mu.Unlock()
		time.Sleep(time.Minute)
		mu.Lock()
		defer mu.Unlock()
		// Two at a time enter in the same moment: only pairs have an order.
		slices.Sort(order[2:4])
		slices.Sort(order[4:6])
		want := []Lane{Backfill, Backfill, Upload, Upload, Backfill, Rerun}
		if !slices.Equal(order, want) {
			t.Errorf("entered %v, want %v", order, want)
		}
	})
}

// TestGateLetsNoLaneStarve has uploads always waiting.
func TestGateLetsNoLaneStarve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(1)
		ctx, cancel := context.WithCancel(t.Context())
		var uploads int
		var visitors sync.WaitGroup
		for range 3 {
			visitors.Go(func() {
				for g.Enter(ctx, Upload) == nil {
					uploads++ // one place: nobody else is inside
					time.Sleep(time.Second)
					g.Leave()
				}
			})
		}
		synctest.Wait()
		for _, lane := range []Lane{Rerun, Backfill} {
			before := uploads
			if err := g.Enter(ctx, lane); err != nil {
				t.Fatal(err)
			}
			if passed := uploads - before; passed > patience+1 {
				t.Errorf("%s was passed over %d times", lane, passed)
			}
			g.Leave()
		}
		cancel()
		visitors.Wait()
	})
}

func TestGateGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(1)
		if g.Enter(t.Context(), Upload) != nil {
			t.Fatal("an empty gate is closed")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if g.Enter(ctx, Upload) == nil {
			t.Error("entered a full gate")
		}
		if g.Enter(ctx, Upload) == nil {
			t.Error("entered after the end of the context")
		}
		g.Leave()
		if g.Enter(t.Context(), Backfill) != nil {
			t.Error("those who gave up hold places")
		}
	})
}
