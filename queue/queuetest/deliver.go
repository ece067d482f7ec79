package queuetest

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"burnish/queue"
)

// log collects deliveries from many goroutines.
type log struct {
	mu  sync.Mutex
	all []queue.Delivery
}

func (l *log) add(d queue.Delivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, d)
}

func (l *log) of(key queue.Key) (ds []queue.Delivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.all {
		if d.Key == key {
			ds = append(ds, d)
		}
	}
	return ds
}

func (l *log) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.all)
}

// keys counts different keys.
func (l *log) keys() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := map[queue.Key]bool{}
	for _, d := range l.all {
		seen[d.Key] = true
	}
	return len(seen)
}

func (l *log) ack(_ context.Context, d queue.Delivery) queue.Disposition {
	l.add(d)
	return queue.Ack
}

func testFields(t *testing.T, f *fixture) {
	published := map[queue.Lane]queue.Job{
		queue.Upload:   {Key: "a/b.jpg", Generation: 1712345678901234567},
		queue.Rerun:    {Key: "caf\xe9\n\\x.jpg", Batch: "b1"},
		queue.Backfill: {Key: "写真.jpg", Generation: 1, Batch: "b2"},
	}
	before := time.Now()
	for lane, job := range published {
		f.publish(t, lane, job)
	}
	var got log
	f.receive(t, got.ack, func() bool { return got.keys() == len(published) })
	for lane, job := range published {
		ds := got.of(job.Key)
		if len(ds) == 0 {
			t.Errorf("%s: not delivered", lane)
			continue
		}
		d := ds[0]
		if d.Job != job || d.Lane != lane || d.ID == "" || d.Attempt != 1 {
			t.Errorf("%s: published %+v, got %+v", lane, job, d)
		}
		// Another machine's clock may have set it.
		if d.Sent.Before(before.Add(-time.Minute)) || d.Sent.After(time.Now().Add(time.Minute)) {
			t.Errorf("%s: sent %v, published %v", lane, d.Sent, before)
		}
	}
}

func testEverything(t *testing.T, f *fixture) {
	const each = 100
	for _, lane := range queue.Lanes {
		f.publish(t, lane, jobs(string(lane), each)...)
	}
	f.publish(t, queue.Upload) // nothing
	var got log
	f.receive(t, got.ack, func() bool { return got.keys() == each*len(queue.Lanes) })
	if dead := f.Dead(); dead > 0 {
		t.Errorf("%d dead letters", dead)
	}
}

func testTwice(t *testing.T, f *fixture) {
	job := queue.Job{Key: "same"}
	f.publish(t, queue.Upload, job, job)
	f.publish(t, queue.Upload, job)
	var got log
	ids := func() int {
		seen := map[string]bool{}
		for _, d := range got.of("same") {
			seen[d.ID] = true
		}
		return len(seen)
	}
	f.receive(t, got.ack, func() bool { return ids() == 3 })
}

func testRetry(t *testing.T, f *fixture) {
	const attempts = 4
	f.publish(t, queue.Rerun, queue.Job{Key: "again"})
	f.publish(t, queue.Rerun, queue.Job{Key: "once"})
	var got log
	f.receive(t, func(_ context.Context, d queue.Delivery) queue.Disposition {
		got.add(d)
		if d.Key == "again" && d.Attempt < attempts {
			return queue.Retry(0)
		}
		return queue.Ack
	}, func() bool { return got.len() == attempts+1 })
	for i, d := range got.of("again") {
		if d.Attempt != i+1 || d.ID != got.of("again")[0].ID {
			t.Errorf("delivery %d is attempt %d of %s", i+1, d.Attempt, d.ID)
		}
	}
	if n := len(got.of("once")); n != 1 {
		t.Errorf("what was acked came %d times", n)
	}
}

// testRetryWaits compares with the queue's own promise, which is a least time: a slow machine
// cannot break it.
func testRetryWaits(t *testing.T, f *fixture) {
	const after = 12 * time.Second
	f.publish(t, queue.Upload, queue.Job{Key: "later"})
	var first, second time.Time
	var mu sync.Mutex
	f.receive(t, func(_ context.Context, d queue.Delivery) queue.Disposition {
		mu.Lock()
		defer mu.Unlock()
		if first.IsZero() {
			first = time.Now()
			return queue.Retry(after)
		}
		second = time.Now()
		return queue.Ack
	}, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return !second.IsZero()
	})
	// Services keep such times to the second.
	if waited := second.Sub(first); waited < after-time.Second {
		t.Errorf("came again after %v, want at least %v", waited, after)
	}
}

func testDead(t *testing.T, f *fixture) {
	f.publish(t, queue.Upload, queue.Job{Key: "poison"})
	f.publish(t, queue.Backfill, queue.Job{Key: "fine"})
	var got log
	f.receive(t, func(_ context.Context, d queue.Delivery) queue.Disposition {
		got.add(d)
		if d.Key == "poison" {
			return queue.Retry(0)
		}
		return queue.Ack
	}, func() bool { return got.len() == f.Attempts+1 })

	// What follows it is delivered; the poison is not, and becomes a dead letter.
	f.publish(t, queue.Upload, jobs("next", 10)...)
	f.receive(t, got.ack, func() bool { return got.keys() == 12 && f.Dead() > 0 })
	if n := len(got.of("poison")); n != f.Attempts {
		t.Errorf("poison came %d times, want %d", n, f.Attempts)
	}
	if n := f.Dead(); n != 1 {
		t.Errorf("%d dead letters, want 1", n)
	}
}

func testPanic(t *testing.T, f *fixture) {
	f.publish(t, queue.Upload, queue.Job{Key: "bug"})
	f.publish(t, queue.Upload, jobs("fine", 5)...)
	var got log
	f.receive(t, func(_ context.Context, d queue.Delivery) queue.Disposition {
		got.add(d)
		if d.Key == "bug" && d.Attempt == 1 {
			panic("a bug in the handler")
		}
		return queue.Ack
	}, func() bool { return got.keys() == 6 && len(got.of("bug")) == 2 })
}

// testNothingLost acks each job at random attempts; each is acked in the end, and none is
// delivered after that.
func testNothingLost(t *testing.T, f *fixture) {
	const n = 60
	random := rand.New(rand.NewPCG(1, 2))
	var mu sync.Mutex
	acked := map[queue.Key]bool{}
	after := 0
	for i, job := range jobs("job", n) {
		f.publish(t, queue.Lanes[i%len(queue.Lanes)], job)
	}
	f.receive(t, func(_ context.Context, d queue.Delivery) queue.Disposition {
		mu.Lock()
		defer mu.Unlock()
		if acked[d.Key] {
			after++
		}
		if random.IntN(4) == 0 {
			return queue.Retry(0)
		}
		acked[d.Key] = true
		return queue.Ack
	}, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(acked) == n
	})
	if dead := f.Dead(); dead > 0 || after > 0 {
		t.Errorf("%d dead letters, %d deliveries after an ack", dead, after)
	}
}

func testRefuse(t *testing.T, f *fixture) {
	if err := f.Publish(t.Context(), "no-such-lane", queue.Job{Key: "a"}); err == nil {
		t.Error("an unknown lane was accepted")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Publish(ctx, queue.Upload, queue.Job{Key: "a"}); err == nil {
		t.Error("published after the end of the context")
	}
}
