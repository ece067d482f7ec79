//go:build emulator

package pubsub

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	gcp "cloud.google.com/go/pubsub/v2"
	"google.golang.org/protobuf/types/known/durationpb"

	"burnish/queue"
	"burnish/queue/pubsub/emulator"
	"burnish/queue/queuetest"
)

// TestMain runs the tests against the official emulator: the one that PUBSUB_EMULATOR_HOST
// names, or one of their own.
func TestMain(m *testing.M) {
	if os.Getenv("PUBSUB_EMULATOR_HOST") != "" {
		os.Exit(m.Run())
	}
	e, err := emulator.Start(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Setenv("PUBSUB_EMULATOR_HOST", e.Address)
	code := m.Run()
	e.Close()
	os.Exit(code)
}

var queues atomic.Int32

// open sets up a queue that nobody else has.
func open(t *testing.T, opts Options, attempts int) *Queue {
	t.Helper()
	ctx := context.Background()
	client, err := gcp.NewClient(ctx, "test")
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("t%d-%d", os.Getpid(), queues.Add(1))
	topics, subs := Resources(client.Project(), name, attempts)
	for _, topic := range topics {
		if _, err := client.TopicAdminClient.CreateTopic(ctx, topic); err != nil {
			t.Fatal(err)
		}
	}
	for _, sub := range subs {
		sub.MessageRetentionDuration = durationpb.New(7 * 24 * time.Hour) // the emulator takes no more
		if _, err := client.SubscriptionAdminClient.CreateSubscription(ctx, sub); err != nil {
			t.Fatal(err)
		}
	}
	q := New(client, name, opts)
	t.Cleanup(func() {
		q.Close()
		client.Close()
	})
	return q
}

// deadLetters counts what arrives on the dead-letter subscriptions.
func deadLetters(t *testing.T, q *Queue) func() int {
	t.Helper()
	var n atomic.Int32
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	for _, lane := range queue.Lanes {
		go func() {
			sub := q.client.Subscriber(resource(q.name, lane) + "-dead")
			done <- sub.Receive(ctx, func(_ context.Context, m *gcp.Message) {
				n.Add(1)
				m.Ack()
			})
		}()
	}
	t.Cleanup(func() {
		cancel()
		for range queue.Lanes {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
	return func() int { return int(n.Load()) }
}

func TestQueue(t *testing.T) {
	queuetest.Run(t, queuetest.Env{
		Open: func(t *testing.T, c queuetest.Config) queuetest.Queue {
			q := open(t, Options{Slots: c.Slots}, c.Attempts)
			return queuetest.Queue{Publisher: q, Subscriber: q, Dead: deadLetters(t, q)}
		},
		Patience: 2 * time.Minute,
	})
}
