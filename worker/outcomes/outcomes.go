// Package outcomes carries outcomes from workers to the ledger, through a Pub/Sub topic.
//
// A worker publishes an outcome before it acks the job; a recorder writes outcomes into ledger
// segments and acks them when the segment stands. So an outcome is always with Pub/Sub or in
// the ledger, at worst in both, and readers of the ledger count it once.
package outcomes

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	gcp "cloud.google.com/go/pubsub/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"burnish/worker/ledger"
	"burnish/worker/store"
)

// Name is the topic, and the subscription, that the outcomes of a queue go through.
func Name(queue string) string { return queue + "-outcomes" }

// extension is how far the client extends the lease of an outcome at a time: how long a dead
// recorder's outcomes stay hidden.
const extension = time.Minute

// Publisher is a worker.Recorder: it publishes outcomes.
type Publisher struct {
	topic *gcp.Publisher
}

// NewPublisher returns a publisher to the outcomes topic of a queue. It asks nothing of the
// service. Close must be called; the client stays the caller's.
func NewPublisher(client *gcp.Client, queue string) *Publisher {
	topic := client.Publisher(Name(queue))
	// A photo waits for its outcome to be taken, so outcomes are not gathered for long.
	topic.PublishSettings.DelayThreshold = 5 * time.Millisecond
	return &Publisher{topic: topic}
}

// Record publishes an outcome and returns when the service has it. A topic that is missing or
// forbidden is store.ErrDenied: the next outcome would meet it too.
func (p *Publisher) Record(ctx context.Context, o ledger.Outcome) error {
	data, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("outcome of %q: %w", o.Key, err)
	}
	_, err = p.topic.Publish(ctx, &gcp.Message{Data: data}).Get(ctx)
	switch status.Code(err) {
	case codes.OK:
		return nil
	case codes.NotFound, codes.PermissionDenied, codes.Unauthenticated:
		err = fmt.Errorf("%w: %w", store.ErrDenied, err)
	}
	return fmt.Errorf("publish the outcome of %q to %s: %w", o.Key, p.topic, err)
}

// lastWords is how long Close waits: where the service answers, less than a tenth of a second is
// enough; where it does not, the client would try for a minute.
const lastWords = 2 * time.Second

// Close sends what is still to be sent. What that is, nobody waits for any more: Record has
// returned an error for it.
func (p *Publisher) Close() error {
	stopped := make(chan struct{})
	go func() {
		p.topic.Stop()
		close(stopped)
	}()
	select {
	case <-stopped:
	case <-time.After(lastWords): // the client's own goroutines end with the client
	}
	return nil
}
