package queuetest

import (
	"context"
	"testing"
	"time"

	"burnish/queue"
)

// testLanes keeps every handler of one lane busy until a job of each other lane is done.
func testLanes(t *testing.T, f *fixture) {
	f.publish(t, queue.Backfill, jobs("backfill", 3*f.Slots)...)
	var got log
	busy, others := make(chan struct{}, 3*f.Slots), make(chan struct{})
	go func() {
		defer close(others)
		for range f.Slots {
			<-busy
		}
		for _, lane := range []queue.Lane{queue.Upload, queue.Rerun} {
			if err := f.Publish(t.Context(), lane, jobs(string(lane), 1)...); err != nil {
				t.Error(err)
			}
		}
		for got.keys() < 2 && t.Context().Err() == nil {
			time.Sleep(20 * time.Millisecond)
		}
	}()
	f.receive(t, func(ctx context.Context, d queue.Delivery) queue.Disposition {
		if d.Lane == queue.Backfill {
			busy <- struct{}{}
			<-others
		}
		return got.ack(ctx, d)
	}, func() bool { return got.keys() == 2+3*f.Slots })
	for i, d := range got.all[:2] {
		if d.Lane == queue.Backfill {
			t.Errorf("done as number %d: %+v", i+1, d)
		}
	}
}
