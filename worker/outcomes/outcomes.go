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
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"burnish/worker/ledger"
	"burnish/worker/store"
)

// Name is the topic, and the subscription, that the outcomes of a queue go through.
func Name(queue string) string { return queue + "-outcomes" }

const (
	extension = time.Minute        // of a lease: how long a dead recorder's outcomes stay hidden
	retention = 7 * 24 * time.Hour // the longest that all releases of the service keep a message
)

// Setup makes the topic and the subscription of a queue's outcomes unless they exist. There are
// no dead letters: what is no outcome goes into the ledger as malformed.
func Setup(ctx context.Context, client *gcp.Client, queue string) error {
	project := "projects/" + client.Project()
	topic := project + "/topics/" + Name(queue)
	_, err := client.TopicAdminClient.CreateTopic(ctx, &pubsubpb.Topic{Name: topic})
	if err != nil && status.Code(err) != codes.AlreadyExists {
		return fmt.Errorf("create %s: %w", topic, err)
	}
	sub := project + "/subscriptions/" + Name(queue)
	_, err = client.SubscriptionAdminClient.CreateSubscription(ctx, &pubsubpb.Subscription{
		Name:                     sub,
		Topic:                    topic,
		AckDeadlineSeconds:       int32(extension / time.Second),
		MessageRetentionDuration: durationpb.New(retention),
		ExpirationPolicy:         &pubsubpb.ExpirationPolicy{}, // never
		RetryPolicy: &pubsubpb.RetryPolicy{
			MinimumBackoff: durationpb.New(time.Second),
			MaximumBackoff: durationpb.New(time.Minute),
		},
	})
	if err != nil && status.Code(err) != codes.AlreadyExists {
		return fmt.Errorf("create %s: %w", sub, err)
	}
	return nil
}

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

// Close sends what is still to be sent.
func (p *Publisher) Close() error {
	p.topic.Stop()
	return nil
}
