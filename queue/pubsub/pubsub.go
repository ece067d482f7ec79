// Package pubsub queues jobs in Google Cloud Pub/Sub.
//
// Each lane has a topic and a subscription, both named <name>-<lane>, and a topic for its dead
// letters, <name>-<lane>-dead; Resources lists them. A message's data is the JSON of a queue.Job.
// Notifications of a Cloud Storage bucket are jobs too, in the service's own form and as
// CloudEvents.
package pubsub

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	gcp "cloud.google.com/go/pubsub/v2"

	"burnish/queue"
)

// Options says how a queue is used. The zero value is ready to use.
type Options struct {
	// Slots is how many handlers of each lane Receive runs at once; 0 means 1.
	Slots int

	// Lease is how long a handler may take; 0 means 10 minutes. After that its context ends
	// and the job is delivered again.
	Lease time.Duration

	// Hard, when it ends, stops Receive and ends the context of every handler, also while
	// Receive waits for them after a stop.
	Hard context.Context

	// Photo names the photos of notifications. Without it they are malformed messages.
	Photo Photo
	// Malformed takes a message that is no job, and why it is none. When it returns nil the
	// message is acked, so it must be on record somewhere by then; otherwise it is delivered
	// again. Without it, such a message is nacked until it becomes a dead letter.
	Malformed func(ctx context.Context, lane queue.Lane, m *gcp.Message, why error) error
}

// Photo tells which photo an object is, or false if it is none: in another bucket, outside the
// source, or written by Burnish itself.
type Photo func(bucket, object string) (queue.Key, bool)

// Queue is a Publisher and a Subscriber.
type Queue struct {
	client *gcp.Client
	name   string
	opts   Options
	topics map[queue.Lane]*gcp.Publisher
}

var (
	_ queue.Publisher  = (*Queue)(nil)
	_ queue.Subscriber = (*Queue)(nil)
)

// New returns the queue of a name. It asks nothing of the service, so that a topic which is
// missing or forbidden shows at the first use. The client stays the caller's.
func New(client *gcp.Client, name string, opts Options) *Queue {
	if opts.Slots <= 0 {
		opts.Slots = 1
	}
	if opts.Lease <= 0 {
		opts.Lease = 10 * time.Minute
	}
	q := &Queue{client: client, name: name, opts: opts, topics: make(map[queue.Lane]*gcp.Publisher)}
	for _, lane := range queue.Lanes {
		topic := client.Publisher(resource(name, lane))
		// Without a bound, a backfill that publishes faster than the network takes it holds
		// its whole batch in memory.
		topic.PublishSettings.FlowControlSettings = gcp.FlowControlSettings{
			MaxOutstandingMessages: 1000,
			LimitExceededBehavior:  gcp.FlowControlBlock,
		}
		q.topics[lane] = topic
	}
	return q
}

// Close sends what is still to be sent and stops the publishing side.
func (q *Queue) Close() {
	for _, topic := range q.topics {
		topic.Stop()
	}
}

// String names the queue as a person would.
func (q *Queue) String() string {
	return fmt.Sprintf("projects/%s/topics/%s-{upload,rerun,backfill}", q.client.Project(), q.name)
}

// resource names the topic and the subscription of a lane.
func resource(name string, lane queue.Lane) string { return name + "-" + string(lane) }

// Publish sends jobs and waits until the service has them all. A topic takes any number: it
// blocks for the network only. With ctx ended, jobs on their way may still arrive.
func (q *Queue) Publish(ctx context.Context, lane queue.Lane, jobs ...queue.Job) error {
	topic, ok := q.topics[lane]
	if !ok {
		return fmt.Errorf("publish to %q: no such lane", lane)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("publish to %s: %w", topic, err)
	}
	for some := range slices.Chunk(jobs, 1000) {
		if err := publish(ctx, topic, some); err != nil {
			return fmt.Errorf("publish to %s: %w", topic, err)
		}
	}
	return nil
}

func publish(ctx context.Context, topic *gcp.Publisher, jobs []queue.Job) error {
	results := make([]*gcp.PublishResult, len(jobs))
	for i, job := range jobs {
		data, err := json.Marshal(job)
		if err != nil {
			return err
		}
		results[i] = topic.Publish(ctx, &gcp.Message{Data: data})
	}
	var errs []error
	for _, r := range results {
		if _, err := r.Get(ctx); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) == 0 {
		return nil
	}
	// They mostly have one cause: a message for each would bury it.
	return fmt.Errorf("%d of %d jobs: %w", len(errs), len(jobs), errs[0])
}
