package pubsub

import (
	"context"
	"fmt"
	"time"

	gcp "cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"burnish/queue"
)

// Setup makes the topics and subscriptions of a queue that do not exist yet, and leaves those
// that do as they are. A job becomes a dead letter after the given number of attempts, 5 to
// 100. Dead letters are kept for a week by a subscription of their own, and by their topic for 31
// days, to which that subscription can be sought back.
//
// The service's own account must be allowed to publish to the dead-letter topics and to
// subscribe to the subscriptions; that is a grant, not made here.
func Setup(ctx context.Context, client *gcp.Client, name string, attempts int) error {
	if attempts < 5 || attempts > 100 {
		return fmt.Errorf("set up %s: %d attempts: Pub/Sub takes from 5 to 100", name, attempts)
	}
	s := setup{client: client, project: "projects/" + client.Project()}
	for _, lane := range queue.Lanes {
		id := resource(name, lane)
		dead := s.topic(ctx, id+"-dead", 31*24*time.Hour)
		s.subscription(ctx, &pubsubpb.Subscription{
			Name:                     s.project + "/subscriptions/" + id + "-dead",
			Topic:                    dead,
			MessageRetentionDuration: durationpb.New(week),
		})
		s.subscription(ctx, &pubsubpb.Subscription{
			Name:                     s.project + "/subscriptions/" + id,
			Topic:                    s.topic(ctx, id, 0),
			AckDeadlineSeconds:       int32(extension / time.Second), // as on a worker's stream
			MessageRetentionDuration: durationpb.New(week),
			DeadLetterPolicy:         &pubsubpb.DeadLetterPolicy{DeadLetterTopic: dead, MaxDeliveryAttempts: int32(attempts)},
			// Workers keep a job back for as long as its failure asks for; this is for those
			// that die with a job in hand again and again.
			RetryPolicy: &pubsubpb.RetryPolicy{
				MinimumBackoff: durationpb.New(time.Second),
				MaximumBackoff: durationpb.New(time.Minute),
			},
		})
	}
	return s.err
}

// week is the longest that all releases of the service keep a message on a subscription.
const week = 7 * 24 * time.Hour

// setup makes one thing after the other until one fails.
type setup struct {
	client  *gcp.Client
	project string
	err     error
}

func (s *setup) topic(ctx context.Context, id string, retention time.Duration) (name string) {
	t := &pubsubpb.Topic{Name: s.project + "/topics/" + id}
	if retention > 0 {
		t.MessageRetentionDuration = durationpb.New(retention)
	}
	s.do(t.Name, func() error {
		_, err := s.client.TopicAdminClient.CreateTopic(ctx, t)
		return err
	})
	return t.Name
}

func (s *setup) subscription(ctx context.Context, sub *pubsubpb.Subscription) {
	sub.ExpirationPolicy = &pubsubpb.ExpirationPolicy{} // never; without it, 31 days unused
	s.do(sub.Name, func() error {
		_, err := s.client.SubscriptionAdminClient.CreateSubscription(ctx, sub)
		return err
	})
}

func (s *setup) do(name string, create func() error) {
	if s.err != nil {
		return
	}
	if err := create(); err != nil && status.Code(err) != codes.AlreadyExists {
		s.err = fmt.Errorf("create %s: %w", name, err)
	}
}
