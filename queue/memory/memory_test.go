package memory

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"burnish/queue"
	"burnish/queue/queuetest"
)

func TestQueue(t *testing.T) {
	queuetest.Run(t, queuetest.Env{
		Open: func(t *testing.T, c queuetest.Config) queuetest.Queue {
			q := New(Options{Slots: c.Slots, Attempts: c.Attempts})
			return queuetest.Queue{Publisher: q, Subscriber: q, Dead: func() int {
				_, n := q.DeadLetters()
				return n
			}}
		},
		Bubble:   synctest.Test,
		Patience: time.Hour, // costs nothing in a bubble
	})
}

func publish(t *testing.T, q *Queue, lane queue.Lane, keys ...queue.Key) {
	t.Helper()
	for _, k := range keys {
		if err := q.Publish(t.Context(), lane, queue.Job{Key: k}); err != nil {
			t.Fatal(err)
		}
	}
}

// start receives in the background until the test stops it, which waits for its end.
func start(t *testing.T, q *Queue, handle queue.Handler) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := q.Receive(ctx, handle); err != nil {
			t.Error(err)
		}
	}()
	return func() { cancel(); <-done }
}

func TestPublishBlocksWhileFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Options{Capacity: 2})
		publish(t, q, queue.Backfill, "a", "b")
		publish(t, q, queue.Upload, "another lane has its own room")
		accepted := make(chan error)
		go func() { accepted <- q.Publish(t.Context(), queue.Backfill, queue.Job{Key: "c"}) }()
		synctest.Wait()
		select {
		case <-accepted:
			t.Fatal("a full lane took a third job")
		default:
		}
		stop := start(t, q, func(context.Context, queue.Delivery) queue.Disposition { return queue.Ack })
		if err := <-accepted; err != nil {
			t.Error(err)
		}
		stop()

		// A job in hand takes room too: the bound is on what is not settled.
		publish(t, q, queue.Backfill, "d")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := q.Publish(ctx, queue.Backfill, queue.Job{Key: "e"}, queue.Job{Key: "f"}, queue.Job{Key: "g"})
		if err == nil || q.Backlog(queue.Backfill) != 2 {
			t.Errorf("got %v with %d in the lane", err, q.Backlog(queue.Backfill))
		}
	})
}

func TestRetryIsHonouredToTheNanosecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Options{})
		begin := time.Now()
		var at []time.Duration
		stop := start(t, q, func(_ context.Context, d queue.Delivery) queue.Disposition {
			at = append(at, time.Since(begin))
			switch d.Attempt {
			case 1:
				return queue.Retry(90 * time.Second)
			case 2:
				return queue.Retry(-time.Second)
			}
			return queue.Ack
		})
		publish(t, q, queue.Upload, "a")
		if err := q.Settled(t.Context()); err != nil {
			t.Error(err)
		}
		stop()
		if want := []time.Duration{0, 90 * time.Second, 90 * time.Second}; !slices.Equal(at, want) {
			t.Errorf("delivered at %v, want %v", at, want)
		}
	})
}

func TestLeaseLapses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Options{Slots: 2, Lease: time.Minute})
		var mu sync.Mutex
		var attempts []int
		var ended time.Time
		begin := time.Now()
		stop := start(t, q, func(ctx context.Context, d queue.Delivery) queue.Disposition {
			mu.Lock()
			attempts = append(attempts, d.Attempt)
			mu.Unlock()
			if d.Attempt == 1 {
				<-ctx.Done()
				ended = time.Now()
				time.Sleep(time.Hour) // deaf to its context
				return queue.Retry(0) // too late to matter
			}
			time.Sleep(59 * time.Second)
			return queue.Ack
		})
		publish(t, q, queue.Upload, "a")
		if err := q.Settled(t.Context()); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took != 119*time.Second {
			t.Errorf("settled after %v", took)
		}
		stop() // waits for the deaf one
		if ended.Sub(begin) != time.Minute {
			t.Errorf("the lease ended after %v", ended.Sub(begin))
		}
		if !slices.Equal(attempts, []int{1, 2}) || q.Backlog(queue.Upload) != 0 {
			t.Errorf("attempts %v, backlog %d", attempts, q.Backlog(queue.Upload))
		}
	})
}

func TestLateAckDoesNotSettle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Options{Slots: 1, Lease: time.Minute})
		var attempts []int
		stop := start(t, q, func(_ context.Context, d queue.Delivery) queue.Disposition {
			attempts = append(attempts, d.Attempt)
			if d.Attempt == 1 {
				time.Sleep(2 * time.Minute)
			}
			return queue.Ack
		})
		publish(t, q, queue.Upload, "a")
		if err := q.Settled(t.Context()); err != nil {
			t.Error(err)
		}
		stop()
		if !slices.Equal(attempts, []int{1, 2}) {
			t.Errorf("attempts %v, want the second in spite of the first one's ack", attempts)
		}
	})
}

func TestHardStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hard, kill := context.WithCancel(t.Context())
		q := New(Options{Slots: 2, Hard: hard})
		publish(t, q, queue.Upload, "a", "b", "c")
		var n atomic.Int32
		began := make(chan struct{}, 3)
		stop := start(t, q, func(ctx context.Context, d queue.Delivery) queue.Disposition {
			n.Add(1)
			began <- struct{}{}
			<-ctx.Done()
			return queue.Retry(0)
		})
		<-began
		<-began
		go stop()
		time.Sleep(time.Minute) // the soft stop leaves them alone
		select {
		case <-began:
			t.Error("started another after the stop")
		default:
		}
		kill()
		stop()
		if n.Load() != 2 || q.Backlog(queue.Upload) != 3 {
			t.Errorf("%d started, %d left", n.Load(), q.Backlog(queue.Upload))
		}
	})
}

func TestHardStopAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hard, kill := context.WithCancel(t.Context())
		q := New(Options{Hard: hard})
		kill()
		publish(t, q, queue.Upload, "a")
		if err := q.Receive(t.Context(), func(context.Context, queue.Delivery) queue.Disposition {
			return queue.Retry(0)
		}); err != nil {
			t.Error(err)
		}
	})
}

func TestSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Options{Attempts: 2})
		if err := q.Settled(t.Context()); err != nil {
			t.Errorf("an empty queue: %v", err)
		}
		publish(t, q, queue.Rerun, "a")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := q.Settled(ctx); err == nil {
			t.Error("settled with a job waiting")
		}
		stop := start(t, q, func(context.Context, queue.Delivery) queue.Disposition { return queue.Retry(time.Hour) })
		defer stop()
		if err := q.Settled(t.Context()); err != nil {
			t.Error(err)
		}
		letters, n := q.DeadLetters()
		if n != 1 || letters[0].Key != "a" || letters[0].Attempt != 2 {
			t.Errorf("dead letters %+v, %d", letters, n)
		}
	})
}

func TestDeadLettersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Options{Attempts: 1, DeadLetters: 3})
		stop := start(t, q, func(context.Context, queue.Delivery) queue.Disposition { return queue.Retry(0) })
		defer stop()
		for i := range 5 {
			publish(t, q, queue.Upload, queue.Key(strconv.Itoa(i)))
		}
		if err := q.Settled(t.Context()); err != nil {
			t.Error(err)
		}
		letters, n := q.DeadLetters()
		var keys []queue.Key
		for _, d := range letters {
			keys = append(keys, d.Key)
		}
		if n != 5 || !slices.Equal(keys, []queue.Key{"2", "3", "4"}) {
			t.Errorf("%d dead letters, kept %v", n, keys)
		}
	})
}

func TestOrderWithinALane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Options{})
		publish(t, q, queue.Upload, "a", "b", "c")
		var got []queue.Key
		stop := start(t, q, func(_ context.Context, d queue.Delivery) queue.Disposition {
			got = append(got, d.Key)
			if d.Key == "a" && d.Attempt == 1 {
				return queue.Retry(0)
			}
			return queue.Ack
		})
		defer stop()
		if err := q.Settled(t.Context()); err != nil {
			t.Error(err)
		}
		if want := []queue.Key{"a", "b", "c", "a"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}
