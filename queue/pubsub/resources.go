package pubsub

import (
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/protobuf/types/known/durationpb"

	"burnish/queue"
)

// Retention is the longest that the service keeps a message that nobody acks, and the longest
// that a topic keeps messages to which a subscription can be sought back.
//
// https://docs.cloud.google.com/pubsub/docs/subscription-properties
const Retention = 31 * 24 * time.Hour

// Resources lists the topics and subscriptions of a queue as they should be. Attempts is after
// how many deliveries a job becomes a dead letter, 5 to 100.
//
// Dead letters stay on their topic even when somebody has acked them by mistake.
func Resources(project, name string, attempts int) (topics []*pubsubpb.Topic, subs []*pubsubpb.Subscription) {
	for _, lane := range queue.Lanes {
		id := resource(name, lane)
		jobs := &pubsubpb.Topic{Name: "projects/" + project + "/topics/" + id}
		dead := &pubsubpb.Topic{Name: jobs.Name + "-dead", MessageRetentionDuration: durationpb.New(Retention)}
		sub := Subscription(project, id)
		sub.DeadLetterPolicy = &pubsubpb.DeadLetterPolicy{DeadLetterTopic: dead.Name, MaxDeliveryAttempts: int32(attempts)}
		topics = append(topics, jobs, dead)
		subs = append(subs, sub, Subscription(project, id+"-dead"))
	}
	return topics, subs
}

// Subscription is a subscription as a fleet wants it, to the topic of the same name. It never
// expires, and keeps what nobody acks for as long as the service lets it.
func Subscription(project, id string) *pubsubpb.Subscription {
	return &pubsubpb.Subscription{
		Name:                     "projects/" + project + "/subscriptions/" + id,
		Topic:                    "projects/" + project + "/topics/" + id,
		AckDeadlineSeconds:       int32(extension / time.Second), // as on the stream of a worker
		MessageRetentionDuration: durationpb.New(Retention),
		ExpirationPolicy:         &pubsubpb.ExpirationPolicy{}, // never; without it, after 31 days unused
		// Workers keep a job back for as long as its failure asks for; this is for those that
		// die with a message in hand again and again.
		RetryPolicy: &pubsubpb.RetryPolicy{
			MinimumBackoff: durationpb.New(time.Second),
			MaximumBackoff: durationpb.New(time.Minute),
		},
	}
}
