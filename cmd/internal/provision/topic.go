package provision

import (
	"context"
	"fmt"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// topics looks at every topic of the fleet.
func (l *look) topics(ctx context.Context) ([]Step, error) {
	topics, _ := l.wanted()
	var steps []Step
	for _, want := range topics {
		step, err := l.topicStep(ctx, want)
		if err != nil {
			return nil, fmt.Errorf("topic %s: %w", want.Name, err)
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// topicStep compares one topic. What Burnish has no opinion on, as where messages are stored and
// with which key, is left alone.
func (l *look) topicStep(ctx context.Context, want *pubsubpb.Topic) (Step, error) {
	admin := l.cloud.PubSub.TopicAdminClient
	step := Step{What: "topic " + want.Name}
	got, err := admin.GetTopic(ctx, &pubsubpb.GetTopicRequest{Topic: want.Name})
	if status.Code(err) == codes.NotFound {
		step.Verb = Create
		step.make = func(ctx context.Context) error {
			_, err := admin.CreateTopic(ctx, want)
			return unlessExists(err)
		}
		return step, nil
	}
	if err != nil {
		return step, err
	}
	if got.GetSchemaSettings().GetSchema() != "" {
		step.Verb = ByHand
		step.Notes = []string{
			"schema: " + got.SchemaSettings.Schema + " → none: it keeps out what Burnish publishes",
			"gcloud pubsub topics update " + want.Name + " --clear-schema-settings",
		}
		return step, nil
	}
	old, kept := got.GetMessageRetentionDuration(), want.GetMessageRetentionDuration()
	if kept == nil || old.AsDuration() == kept.AsDuration() {
		return step, nil
	}
	step.Verb = Change
	step.Notes = []string{fmt.Sprintf("retention: %s → %s", showDuration(old), showDuration(kept))}
	step.make = func(ctx context.Context) error {
		_, err := admin.UpdateTopic(ctx, &pubsubpb.UpdateTopicRequest{
			Topic:      want,
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"message_retention_duration"}},
		})
		return err
	}
	return step, nil
}

// unlessExists takes it as success that somebody else was faster.
func unlessExists(err error) error {
	if status.Code(err) == codes.AlreadyExists {
		return nil
	}
	return err
}

const day = 24 * time.Hour

// showDuration says a duration in days where it is some.
func showDuration(d *durationpb.Duration) string {
	switch t := d.AsDuration(); {
	case d == nil:
		return "none"
	case t >= day && t%day == 0:
		return fmt.Sprintf("%d days", t/day)
	default:
		return t.String()
	}
}
