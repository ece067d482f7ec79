package queuetest

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"burnish/queue"
)

// testSlots lets each handler wait until as many of its lane run as there are slots, so that
// fewer would fail the test, and counts that there are never more.
func testSlots(t *testing.T, f *fixture) {
	const n = 30
	lanes := map[queue.Lane]*crowd{
		queue.Upload: {full: make(chan struct{})}, queue.Backfill: {full: make(chan struct{})},
	}
	for lane := range lanes {
		f.publish(t, lane, jobs(string(lane), n/2)...)
	}
	var got log
	f.receive(t, func(ctx context.Context, d queue.Delivery) queue.Disposition {
		c := lanes[d.Lane]
		c.enter(f.Slots)
		defer c.running.Add(-1)
		select {
		case <-c.full:
		case <-time.After(f.env.Patience):
			t.Error("there were never as many handlers as slots")
		}
		time.Sleep(10 * time.Millisecond) // time for one too many
		return got.ack(ctx, d)
	}, func() bool { return got.keys() == n })
	for lane, c := range lanes {
		if int(c.most.Load()) != f.Slots {
			t.Errorf("%s: %d handlers at once, want %d", lane, c.most.Load(), f.Slots)
		}
	}
}

// crowd counts the handlers of a lane.
type crowd struct {
	running, most atomic.Int32
	full          chan struct{} // closed when there have been enough at once
}

func (c *crowd) enter(enough int) {
	now := c.running.Add(1)
	for old := c.most.Load(); now > old; old = c.most.Load() {
		if c.most.CompareAndSwap(old, now) && int(now) == enough {
			close(c.full)
		}
	}
}

// testStop stops while every slot is busy.
func testStop(t *testing.T, f *fixture) {
	const n = 10
	f.publish(t, queue.Backfill, jobs("job", n)...)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	inHand := make(chan struct{}, n)
	finish := make(chan struct{})
	returned := make(chan error, 1)
	var first log
	go func() {
		returned <- f.Receive(ctx, func(ctx context.Context, d queue.Delivery) queue.Disposition {
			inHand <- struct{}{}
			<-finish
			if err := ctx.Err(); err != nil {
				t.Errorf("the handler's context ended with the stop: %v", err)
			}
			return first.ack(ctx, d)
		})
	}()
	for range f.Slots {
		select {
		case <-inHand:
		case <-time.After(f.env.Patience):
			t.Fatal("not delivered")
		}
	}
	stop()
	select {
	case err := <-returned:
		t.Fatalf("Receive returned %v with handlers at work", err)
	case <-time.After(200 * time.Millisecond):
	}
	close(finish)
	if err := <-returned; err != nil {
		t.Errorf("Receive after a stop: %v", err)
	}
	if first.len() != f.Slots {
		t.Errorf("%d jobs were started after the stop", first.len()-f.Slots)
	}

	// The rest waits for the next to receive, and what was acked while stopping is settled.
	var second log
	f.receive(t, second.ack, func() bool { return second.keys() == n-f.Slots })
	for _, d := range first.all {
		if len(second.of(d.Key)) > 0 {
			t.Errorf("%s came again though it was acked", d.Key)
		}
	}
}
