package queuetest

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"burnish/queue"
)

// testPriority fills all lanes, the least urgent first, and then starts to receive.
func testPriority(t *testing.T, f *fixture) {
	const each = 60
	const work = 30 * time.Millisecond // long, next to how far apart the lanes get going
	for i := len(queue.Lanes) - 1; i >= 0; i-- {
		f.publish(t, queue.Lanes[i], jobs(string(queue.Lanes[i]), each)...)
	}
	var got log
	f.receive(t, func(ctx context.Context, d queue.Delivery) queue.Disposition {
		time.Sleep(work)
		return got.ack(ctx, d)
	}, func() bool { return got.keys() == each*len(queue.Lanes) })

	// The mean place in the sequence tells which lane was done first.
	sum := map[queue.Lane]int{}
	for i, d := range got.all {
		sum[d.Lane] += i
	}
	for i, lane := range queue.Lanes[1:] {
		if sum[queue.Lanes[i]] >= sum[lane] {
			t.Errorf("%s was not served before %s: sums of places %v", queue.Lanes[i], lane, sum)
		}
	}
	if f.env.Prefers {
		early := 0
		for _, d := range got.all[:each] {
			if d.Lane == queue.Upload {
				early++
			}
		}
		if early < each*3/4 {
			t.Errorf("only %d of the first %d were uploads", early, each)
		}
	}
}

// testStarvation publishes an upload for each one that is handled: the lane never runs dry,
// and the others must have their turn all the same.
func testStarvation(t *testing.T, f *fixture) {
	f.publish(t, queue.Backfill, jobs("backfill", 3)...)
	f.publish(t, queue.Rerun, jobs("rerun", 3)...)
	f.publish(t, queue.Upload, jobs("upload", 20)...)
	var others, all atomic.Int32
	f.receive(t, func(ctx context.Context, d queue.Delivery) queue.Disposition {
		all.Add(1)
		time.Sleep(time.Millisecond) // in a bubble, time passes only where all sleep
		if d.Lane != queue.Upload {
			others.Add(1)
			return queue.Ack
		}
		if err := f.Publish(ctx, queue.Upload, d.Job); err != nil {
			t.Error(err)
		}
		return queue.Ack
	}, func() bool { return others.Load() >= 6 || all.Load() > 5000 })
	if others.Load() < 6 {
		t.Errorf("%d deliveries, of which %d from the other lanes", all.Load(), others.Load())
	}
}
