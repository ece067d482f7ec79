package pubsub

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"burnish/queue"
)

func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(2)
		var mu sync.Mutex
		var order []queue.Lane
		visit := func(lane queue.Lane) {
			if g.enter(t.Context(), lane) {
				mu.Lock()
				order = append(order, lane)
				mu.Unlock()
				time.Sleep(time.Second)
				g.leave()
			}
		}
		for _, lane := range []queue.Lane{queue.Backfill, queue.Backfill, queue.Backfill, queue.Rerun, queue.Upload, queue.Upload} {
			go visit(lane)
			synctest.Wait() // they come one after the other
		}
		mu.Lock()
		if want := []queue.Lane{queue.Backfill, queue.Backfill}; !slices.Equal(order, want) {
			t.Errorf("two slots let in %v", order)
		}
		mu.Unlock()
		time.Sleep(time.Minute)
		mu.Lock()
		defer mu.Unlock()
		// Two at a time enter in the same moment: only pairs have an order.
		slices.Sort(order[2:4])
		slices.Sort(order[4:6])
		want := []queue.Lane{queue.Backfill, queue.Backfill, queue.Upload, queue.Upload, queue.Backfill, queue.Rerun}
		if !slices.Equal(order, want) {
			t.Errorf("entered %v, want %v", order, want)
		}
		g.drain()
	})
}

func TestGateGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1)
		if !g.enter(t.Context(), queue.Upload) {
			t.Fatal("an empty gate is closed")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if g.enter(ctx, queue.Upload) {
			t.Error("entered a full gate")
		}
		if g.enter(ctx, queue.Upload) {
			t.Error("entered after the end of the context")
		}
		drained := make(chan struct{})
		go func() { g.drain(); close(drained) }()
		synctest.Wait()
		select {
		case <-drained:
			t.Error("drained with one inside")
		default:
		}
		g.leave()
		<-drained
		if !g.enter(t.Context(), queue.Backfill) {
			t.Error("those who gave up hold slots")
		}
	})
}
