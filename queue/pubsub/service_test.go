//go:build emulator

package pubsub

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gcp "cloud.google.com/go/pubsub/v2"

	"burnish/queue"
)

// until receives until done returns true.
func until(t *testing.T, q *Queue, handle queue.Handler, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	go func() {
		for !done() && ctx.Err() == nil {
			time.Sleep(20 * time.Millisecond)
		}
		cancel()
	}()
	if err := q.Receive(ctx, handle); err != nil {
		t.Error(err)
	}
	if !done() {
		t.Error("waited in vain")
	}
}

func TestMalformedMessagesBecomeDeadLetters(t *testing.T) {
	q := open(t, Options{Photo: func(string, string) (queue.Key, bool) { return "", false }}, 5)
	dead := deadLetters(t, q)
	topic := q.topics[queue.Upload]
	for _, m := range []*gcp.Message{
		{Data: []byte("no job")},
		{Attributes: map[string]string{"eventType": "OBJECT_FINALIZE"}},
		{Attributes: map[string]string{"eventType": "OBJECT_DELETE"}}, // is no job, and is not missed
	} {
		if _, err := topic.Publish(t.Context(), m).Get(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.Publish(t.Context(), queue.Upload, queue.Job{Key: "fine"}); err != nil {
		t.Fatal(err)
	}
	var fine atomic.Int32
	until(t, q, func(_ context.Context, d queue.Delivery) queue.Disposition {
		if d.Key != "fine" {
			t.Errorf("delivered %+v", d)
		}
		fine.Add(1)
		return queue.Ack
	}, func() bool { return fine.Load() > 0 && dead() >= 2 })
	if dead() != 2 {
		t.Errorf("%d dead letters, want 2", dead())
	}
}

func TestMalformedMessagesAreRecordedOnce(t *testing.T) {
	var mu sync.Mutex
	recorded := map[string]int{} // by data
	q := open(t, Options{Malformed: func(_ context.Context, lane queue.Lane, m *gcp.Message, why error) error {
		mu.Lock()
		defer mu.Unlock()
		recorded[string(m.Data)]++
		if lane != queue.Rerun || why == nil {
			t.Errorf("%s: %v", lane, why)
		}
		if string(m.Data) == "later" && recorded["later"] == 1 {
			return errors.New("not now")
		}
		return nil
	}}, 5)
	dead := deadLetters(t, q)
	topic := q.topics[queue.Rerun]
	for _, data := range []string{"no job", "later"} {
		if _, err := topic.Publish(t.Context(), &gcp.Message{Data: []byte(data)}).Get(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	times := func(data string) int {
		mu.Lock()
		defer mu.Unlock()
		return recorded[data]
	}
	handle := func(context.Context, queue.Delivery) queue.Disposition {
		t.Error("delivered")
		return queue.Ack
	}
	until(t, q, handle, func() bool { return times("later") == 2 })
	if times("no job") != 1 || dead() != 0 {
		t.Errorf("recorded %d times, with %d dead letters", times("no job"), dead())
	}
}

func TestLease(t *testing.T) {
	const lease = 5 * time.Second
	q := open(t, Options{Slots: 2, Lease: lease}, 5)
	if err := q.Publish(t.Context(), queue.Upload, queue.Job{Key: "slow"}); err != nil {
		t.Fatal(err)
	}
	var second atomic.Bool
	until(t, q, func(ctx context.Context, d queue.Delivery) queue.Disposition {
		if d.Attempt > 1 {
			second.Store(true)
			return queue.Ack
		}
		if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > lease {
			t.Errorf("the handler's context ends at %v", deadline)
		}
		<-ctx.Done()
		return queue.Retry(0)
	}, second.Load)
}

func TestHardStop(t *testing.T) {
	hard, kill := context.WithCancel(t.Context())
	q := open(t, Options{Hard: hard}, 5)
	if err := q.Publish(t.Context(), queue.Rerun, queue.Job{Key: "a"}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	var ended atomic.Bool
	err := q.Receive(ctx, func(ctx context.Context, d queue.Delivery) queue.Disposition {
		stop()
		select {
		case <-ctx.Done():
			t.Error("the soft stop ended the handler's context")
		case <-time.After(200 * time.Millisecond):
		}
		kill()
		<-ctx.Done()
		ended.Store(true)
		return queue.Retry(0)
	})
	if err != nil || !ended.Load() {
		t.Errorf("Receive: %v; handler ended: %v", err, ended.Load())
	}
}

func TestWithoutSetup(t *testing.T) {
	client, err := gcp.NewClient(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	q := New(client, "never-set-up", Options{})
	defer q.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err = q.Receive(ctx, func(context.Context, queue.Delivery) queue.Disposition { return queue.Ack })
	if err == nil || !strings.Contains(err.Error(), "subscriptions/never-set-up-") || !strings.Contains(err.Error(), "NotFound") {
		t.Errorf("receive: %v", err)
	}
	err = q.Publish(ctx, queue.Backfill, queue.Job{Key: "a"}, queue.Job{Key: "b"})
	if err == nil || !strings.Contains(err.Error(), "topics/never-set-up-backfill: 2 of 2 jobs") {
		t.Errorf("publish: %v", err)
	}
}
