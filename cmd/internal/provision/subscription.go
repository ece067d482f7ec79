package provision

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// field is a property of a subscription that Burnish has an opinion on.
type field struct {
	name string
	path string // in a field mask; empty for what the service does not let be changed
	show func(*pubsubpb.Subscription) string
}

// fields are compared as a person reads them.
var fields = []field{
	{"topic", "", (*pubsubpb.Subscription).GetTopic},
	{"filter", "", func(s *pubsubpb.Subscription) string { return cmp.Or(s.Filter, "none") }},
	{"message ordering", "", func(s *pubsubpb.Subscription) string { return onOff(s.EnableMessageOrdering) }},
	{"detached", "", func(s *pubsubpb.Subscription) string { return onOff(s.Detached) }},
	{"delivery", "push_config", showDelivery},
	{"exactly-once delivery", "enable_exactly_once_delivery", func(s *pubsubpb.Subscription) string {
		return onOff(s.EnableExactlyOnceDelivery)
	}},
	{"ack deadline", "ack_deadline_seconds", func(s *pubsubpb.Subscription) string {
		return (time.Duration(s.AckDeadlineSeconds) * time.Second).String()
	}},
	{"retention", "message_retention_duration", func(s *pubsubpb.Subscription) string {
		return showDuration(s.MessageRetentionDuration)
	}},
	{"expires", "expiration_policy", showExpiration},
	{"dead letters go to", "dead_letter_policy", func(s *pubsubpb.Subscription) string {
		return cmp.Or(s.GetDeadLetterPolicy().GetDeadLetterTopic(), "nowhere")
	}},
	{"dead after deliveries", "dead_letter_policy", func(s *pubsubpb.Subscription) string {
		return fmt.Sprint(s.GetDeadLetterPolicy().GetMaxDeliveryAttempts())
	}},
	{"wait before the next delivery", "retry_policy", showRetry},
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

func showDelivery(s *pubsubpb.Subscription) string {
	switch {
	case s.GetPushConfig().GetPushEndpoint() != "":
		return "push to " + s.PushConfig.PushEndpoint
	case s.GetBigqueryConfig() != nil, s.GetCloudStorageConfig() != nil, s.GetBigtableConfig() != nil:
		return "export"
	}
	return "pull"
}

func showExpiration(s *pubsubpb.Subscription) string {
	if s.GetExpirationPolicy().GetTtl() == nil {
		return "never"
	}
	return "when unused for " + showDuration(s.ExpirationPolicy.Ttl)
}

func showRetry(s *pubsubpb.Subscription) string {
	p := s.GetRetryPolicy()
	if p == nil {
		return "none"
	}
	return fmt.Sprintf("%s to %s", p.MinimumBackoff.AsDuration(), p.MaximumBackoff.AsDuration())
}

// subscriptions looks at every subscription of the fleet.
func (l *look) subscriptions(ctx context.Context) ([]Step, error) {
	_, subs := l.wanted()
	var steps []Step
	for _, want := range subs {
		step, err := l.subscriptionStep(ctx, want)
		if err != nil {
			return nil, fmt.Errorf("subscription %s: %w", want.Name, err)
		}
		steps = append(steps, step)
	}
	return steps, nil
}

func (l *look) subscriptionStep(ctx context.Context, want *pubsubpb.Subscription) (Step, error) {
	admin := l.cloud.PubSub.SubscriptionAdminClient
	step := Step{What: "subscription " + want.Name}
	got, err := admin.GetSubscription(ctx, &pubsubpb.GetSubscriptionRequest{Subscription: want.Name})
	if status.Code(err) == codes.NotFound {
		step.Verb = Create
		step.make = func(ctx context.Context) error {
			_, err := admin.CreateSubscription(ctx, want)
			return unlessExists(err)
		}
		return step, nil
	}
	if err != nil {
		return step, err
	}
	notes, paths, fixed := differences(got, want)
	switch {
	case len(fixed) > 0:
		step.Verb = ByHand
		step.Notes = append(notes, l.makeAnew(want, fixed)...)
	case len(notes) > 0:
		step.Verb, step.Notes = Change, notes
		step.make = func(ctx context.Context) error {
			_, err := admin.UpdateSubscription(ctx, &pubsubpb.UpdateSubscriptionRequest{
				Subscription: want,
				UpdateMask:   &fieldmaskpb.FieldMask{Paths: paths},
			})
			return err
		}
	}
	return step, nil
}

// differences compares all fields. Fixed are the names of those that cannot be changed.
func differences(got, want *pubsubpb.Subscription) (notes, paths, fixed []string) {
	for _, f := range fields {
		old, wanted := f.show(got), f.show(want)
		if old == wanted {
			continue
		}
		notes = append(notes, fmt.Sprintf("%s: %s → %s", f.name, old, wanted))
		switch {
		case f.path == "" || old == "export":
			fixed = append(fixed, f.name)
		case !slices.Contains(paths, f.path):
			paths = append(paths, f.path)
		}
	}
	return notes, paths, fixed
}

// makeAnew says how to replace a subscription. Only a person can know whether the jobs that
// wait on it may be lost.
func (l *look) makeAnew(want *pubsubpb.Subscription, fixed []string) []string {
	return []string{
		fmt.Sprintf("Pub/Sub does not let %s be changed. When no message that matters waits on it, run", strings.Join(fixed, ", ")),
		fmt.Sprintf("gcloud pubsub subscriptions delete %s --project=%s", path.Base(want.Name), l.cloud.Project),
		"and burnish setup again. What waits on it is lost with it: ask for those photos again.",
	}
}
