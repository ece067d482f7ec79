// Package queuetest is the suite that every queue passes.
package queuetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"burnish/queue"
)

// Config is what a test wants of a queue.
type Config struct {
	Slots    int // handlers of each lane at once
	Attempts int // deliveries before a job is a dead letter
}

// Queue is a queue under test, with nothing in it.
type Queue struct {
	queue.Publisher
	queue.Subscriber

	// Dead returns how many jobs have become dead letters.
	Dead func() int
}

// Env is what a kind of queue brings to its tests.
type Env struct {
	// Open returns a new queue, and sees to its end itself.
	Open func(*testing.T, Config) Queue

	// Bubble runs a test, inside testing/synctest where the queue allows it; nil just runs it.
	Bubble func(*testing.T, func(*testing.T))

	// Patience bounds how long a test waits for what should happen.
	Patience time.Duration
}

// Run holds a queue to the contracts of queue.Publisher and queue.Subscriber.
func Run(t *testing.T, env Env) {
	for _, test := range []struct {
		name   string
		config Config
		run    func(*testing.T, *fixture)
	}{
		{"deliver what was published", Config{Slots: 4, Attempts: 5}, testFields},
		{"deliver everything", Config{Slots: 4, Attempts: 5}, testEverything},
		{"publish twice, deliver twice", Config{Slots: 2, Attempts: 5}, testTwice},
		{"retry counts attempts", Config{Slots: 2, Attempts: 6}, testRetry},
		{"retry waits", Config{Slots: 2, Attempts: 5}, testRetryWaits},
		{"dead letters", Config{Slots: 2, Attempts: 5}, testDead},
		{"panic", Config{Slots: 2, Attempts: 5}, testPanic},
		{"as many handlers as slots", Config{Slots: 3, Attempts: 5}, testSlots},
		{"stop hands back", Config{Slots: 2, Attempts: 5}, testStop},
		{"no lane waits for another", Config{Slots: 2, Attempts: 5}, testLanes},
		{"nothing is lost", Config{Slots: 4, Attempts: 50}, testNothingLost},
		{"refuse", Config{Slots: 1, Attempts: 5}, testRefuse},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble := env.Bubble
			if bubble == nil {
				bubble = func(t *testing.T, f func(*testing.T)) { f(t) }
			}
			bubble(t, func(t *testing.T) {
				q := env.Open(t, test.config)
				test.run(t, &fixture{Queue: q, Config: test.config, env: env})
			})
		})
	}
}

// fixture is a queue in the hands of a test.
type fixture struct {
	Queue
	Config
	env Env
}

func (f *fixture) publish(t *testing.T, lane queue.Lane, jobs ...queue.Job) {
	t.Helper()
	if err := f.Publish(t.Context(), lane, jobs...); err != nil {
		t.Fatal(err)
	}
}

// receive runs Receive until enough returns true, and fails the test when that takes longer
// than the patience. enough and handle are called from several goroutines.
func (f *fixture) receive(t *testing.T, handle queue.Handler, enough func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), f.env.Patience)
	defer cancel()
	returned := make(chan error, 1)
	go func() { returned <- f.Receive(ctx, handle) }()
	for !enough() && ctx.Err() == nil {
		time.Sleep(20 * time.Millisecond)
	}
	done := enough()
	cancel()
	if err := <-returned; err != nil {
		t.Fatalf("Receive: %v", err)
	}
	if !done {
		t.Fatal("waited in vain")
	}
}

func jobs(prefix string, n int) []queue.Job {
	js := make([]queue.Job, n)
	for i := range js {
		js[i] = queue.Job{Key: queue.Key(fmt.Sprintf("%s/%04d.jpg", prefix, i))}
	}
	return js
}
