package setup

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/storage"
	"google.golang.org/grpc/codes"

	"burnish/queue"
	"burnish/queue/pubsub"
	"burnish/worker/outcomes"
)

// Fleet is what `burnish setup` makes.
type Fleet struct {
	Name     string // that the names of all topics and subscriptions begin with
	Attempts int    // after which a job is a dead letter
	Ends     Ends
	// Notify says that uploads into the source's bucket are to arrive as jobs.
	Notify bool
}

// Part is one thing that a fleet needs.
type Part struct {
	What   string // and its name, as a person reads it
	Exists bool
	Note   string // how what exists differs from what would be made, empty if it does not
}

// Plan looks at what there is, and changes nothing.
func (c *Cloud) Plan(ctx context.Context, f Fleet) ([]Part, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*answer)
	defer cancel()
	var parts []Part
	for _, lane := range queue.Lanes {
		id := f.Name + "-" + string(lane)
		dead := outcomes.DeadName(f.Name, lane)
		for _, look := range []func() (Part, error){
			func() (Part, error) { return c.topic(ctx, id) },
			func() (Part, error) { return c.subscription(ctx, id, dead, f.Attempts) },
			func() (Part, error) { return c.topic(ctx, dead) },
			func() (Part, error) { return c.subscription(ctx, dead, "", 0) },
		} {
			part, err := look()
			if err != nil {
				return nil, c.Explain(err)
			}
			parts = append(parts, part)
		}
	}
	id := outcomes.Name(f.Name)
	topic, err := c.topic(ctx, id)
	if err != nil {
		return nil, c.Explain(err)
	}
	sub, err := c.subscription(ctx, id, "", 0)
	if err != nil {
		return nil, c.Explain(err)
	}
	parts = append(parts, topic, sub)
	return c.planBuckets(ctx, f, parts)
}

// planBuckets adds what is to be made in Cloud Storage.
func (c *Cloud) planBuckets(ctx context.Context, f Fleet, parts []Part) ([]Part, error) {
	for _, end := range []struct {
		name  string
		place Place
	}{{"--source", f.Ends.Source}, {"--dest", f.Ends.Dest}} {
		if end.place.Bucket == "" {
			continue
		}
		if _, err := c.bucket(ctx, end.place); err != nil {
			return nil, fmt.Errorf("%s: %w", end.name, err)
		}
	}
	if !f.Notify || f.Ends.Source.Bucket == "" {
		return parts, nil
	}
	if err := c.refuseLoop(ctx, f); err != nil {
		return nil, err
	}
	part := Part{What: fmt.Sprintf("notification of %s to %s", f.Ends.Source, c.uploadTopic(f))}
	there, err := c.notifications(ctx, f.Ends.Source.Bucket)
	if err != nil {
		return nil, err
	}
	part.Exists = slices.ContainsFunc(there, func(n *storage.Notification) bool {
		return c.isUpload(n, f) && n.ObjectNamePrefix == f.Ends.Source.Prefix && finalizes(n)
	})
	return append(parts, part), nil
}

// Make makes what Plan said is missing. It can be called again after an error.
func (c *Cloud) Make(ctx context.Context, f Fleet, parts []Part) error {
	if err := pubsub.Setup(ctx, c.PubSub, f.Name, f.Attempts); err != nil {
		return c.Explain(err)
	}
	if err := outcomes.Setup(ctx, c.PubSub, f.Name); err != nil {
		return c.Explain(err)
	}
	last := parts[len(parts)-1]
	if !f.Notify || f.Ends.Source.Bucket == "" || last.Exists {
		return nil
	}
	client, err := c.Storage(ctx)
	if err != nil {
		return err
	}
	_, err = client.Bucket(f.Ends.Source.Bucket).AddNotification(ctx, &storage.Notification{
		TopicProjectID:   c.Project,
		TopicID:          f.Name + "-" + string(queue.Upload),
		EventTypes:       []string{storage.ObjectFinalizeEvent},
		ObjectNamePrefix: f.Ends.Source.Prefix,
		PayloadFormat:    storage.NoPayload, // the attributes say all
	})
	if err != nil {
		return fmt.Errorf("%s: %w\nCloud Storage's own account must be allowed to publish to %s; docs/deployment.md says how",
			last.What, err, c.uploadTopic(f))
	}
	return nil
}

func (c *Cloud) uploadTopic(f Fleet) string {
	return "projects/" + c.Project + "/topics/" + f.Name + "-" + string(queue.Upload)
}

// refuseLoop looks for a notification, by whomever, that makes jobs of what Burnish writes.
func (c *Cloud) refuseLoop(ctx context.Context, f Fleet) error {
	dest := f.Ends.Dest
	if dest.Bucket == "" {
		return nil
	}
	there, err := c.notifications(ctx, dest.Bucket)
	if err != nil {
		return err
	}
	for _, n := range there {
		if c.isUpload(n, f) && overlap(n.ObjectNamePrefix, dest.Prefix) && finalizes(n) {
			return fmt.Errorf("%w: notification %s of bucket %s tells %s of objects below %q, where Burnish writes to; "+
				"delete it with gcloud storage buckets notifications delete projects/_/buckets/%s/notificationConfigs/%s",
				ErrLoop, n.ID, dest.Bucket, c.uploadTopic(f), n.ObjectNamePrefix, dest.Bucket, n.ID)
		}
	}
	return nil
}

func (c *Cloud) isUpload(n *storage.Notification, f Fleet) bool {
	// The service may answer with the project's number: the topic's own name has to do.
	return n.TopicID == f.Name+"-"+string(queue.Upload)
}

// finalizes reports whether new bytes are among the events.
func finalizes(n *storage.Notification) bool {
	return len(n.EventTypes) == 0 || slices.Contains(n.EventTypes, storage.ObjectFinalizeEvent)
}

func (c *Cloud) notifications(ctx context.Context, bucket string) ([]*storage.Notification, error) {
	client, err := c.Storage(ctx)
	if err != nil {
		return nil, err
	}
	byID, err := client.Bucket(bucket).Notifications(ctx)
	if err != nil {
		return nil, fmt.Errorf("notifications of bucket %s: %w (--no-notify leaves them alone)", bucket, err)
	}
	var list []*storage.Notification
	for _, n := range byID {
		list = append(list, n)
	}
	slices.SortFunc(list, func(a, b *storage.Notification) int { return strings.Compare(a.ID, b.ID) })
	return list, nil
}

func (c *Cloud) topic(ctx context.Context, id string) (Part, error) {
	name := "projects/" + c.Project + "/topics/" + id
	_, err := c.PubSub.TopicAdminClient.GetTopic(ctx, &pubsubpb.GetTopicRequest{Topic: name})
	if code(err) == codes.NotFound {
		return Part{What: "topic " + name}, nil
	}
	if err != nil {
		return Part{}, fmt.Errorf("%s: %w", name, err)
	}
	return Part{What: "topic " + name, Exists: true}, nil
}

// subscription looks at a subscription to the topic of the same name. dead is its topic of dead
// letters, if it is to have one.
func (c *Cloud) subscription(ctx context.Context, id, dead string, attempts int) (Part, error) {
	name := "projects/" + c.Project + "/subscriptions/" + id
	s, err := c.PubSub.SubscriptionAdminClient.GetSubscription(ctx, &pubsubpb.GetSubscriptionRequest{Subscription: name})
	part := Part{What: "subscription " + name}
	if code(err) == codes.NotFound {
		return part, nil
	}
	if err != nil {
		return part, fmt.Errorf("%s: %w", name, err)
	}
	part.Exists = true
	topics := "projects/" + c.Project + "/topics/"
	switch policy := s.GetDeadLetterPolicy(); {
	case s.GetTopic() != topics+id:
		part.Note = "it is a subscription to " + s.GetTopic() + ": delete it and run this again"
	case dead == "":
	case policy.GetDeadLetterTopic() != topics+dead:
		part.Note = "its dead letters do not go to " + topics + dead
	case int(policy.GetMaxDeliveryAttempts()) != attempts:
		part.Note = fmt.Sprintf("it is kept at %d attempts", policy.GetMaxDeliveryAttempts())
	}
	return part, nil
}
