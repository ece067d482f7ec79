package setup

import (
	"context"
	"fmt"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"

	"burnish/queue"
	"burnish/worker/outcomes"
)

// CheckWorker reports why a worker could not take jobs of a queue or publish their outcomes.
func (c *Cloud) CheckWorker(ctx context.Context, name string) error {
	needs := []need{c.publishing(outcomes.Name(name))}
	for _, lane := range queue.Lanes {
		needs = append(needs, c.consuming(name+"-"+string(lane)))
	}
	return c.check(ctx, needs)
}

// CheckRecorder reports why a recorder could not take the outcomes and dead letters of a queue.
func (c *Cloud) CheckRecorder(ctx context.Context, name string) error {
	needs := []need{c.consuming(outcomes.Name(name))}
	for _, lane := range queue.Lanes {
		needs = append(needs, c.consuming(outcomes.DeadName(name, lane)))
	}
	return c.check(ctx, needs)
}

// Ping reports why Pub/Sub does not answer for a queue, by one request. That it may not look is
// an answer.
func (c *Cloud) Ping(ctx context.Context, name string) error {
	topic := c.publishing(outcomes.Name(name))
	if err := topic.look(ctx); err != nil && Code(err) != codes.PermissionDenied {
		return c.Explain(fmt.Errorf("%s: %w", topic.name, err))
	}
	return nil
}

// CheckPublisher reports why jobs could not be published to some lane of a queue.
func (c *Cloud) CheckPublisher(ctx context.Context, name string) error {
	var needs []need
	for _, lane := range queue.Lanes {
		needs = append(needs, c.publishing(name+"-"+string(lane)))
	}
	return c.check(ctx, needs)
}

// need is what a process must be allowed to do with one topic or subscription.
type need struct {
	name       string
	permission string
	role       string                      // that has the permission
	look       func(context.Context) error // whether it is there

	// test tells which of the permissions the caller has, which everybody may ask.
	test func(context.Context, []string) (*iampb.TestIamPermissionsResponse, error)
}

func (c *Cloud) publishing(id string) need {
	admin, name := c.PubSub.TopicAdminClient, "projects/"+c.Project+"/topics/"+id
	return need{
		name: name, permission: "pubsub.topics.publish", role: "roles/pubsub.publisher",
		look: func(ctx context.Context) error {
			_, err := admin.GetTopic(ctx, &pubsubpb.GetTopicRequest{Topic: name})
			return err
		},
		test: func(ctx context.Context, permissions []string) (*iampb.TestIamPermissionsResponse, error) {
			return admin.TestIamPermissions(ctx, &iampb.TestIamPermissionsRequest{Resource: name, Permissions: permissions})
		},
	}
}

func (c *Cloud) consuming(id string) need {
	admin, name := c.PubSub.SubscriptionAdminClient, "projects/"+c.Project+"/subscriptions/"+id
	return need{
		name: name, permission: "pubsub.subscriptions.consume", role: "roles/pubsub.subscriber",
		look: func(ctx context.Context) error {
			_, err := admin.GetSubscription(ctx, &pubsubpb.GetSubscriptionRequest{Subscription: name})
			return err
		},
		test: func(ctx context.Context, permissions []string) (*iampb.TestIamPermissionsResponse, error) {
			return admin.TestIamPermissions(ctx, &iampb.TestIamPermissionsRequest{Resource: name, Permissions: permissions})
		},
	}
}

func (c *Cloud) check(ctx context.Context, needs []need) error {
	ctx, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	for _, n := range needs {
		if err := c.checkOne(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// checkOne asks for the permission first: an account that may use a topic or subscription need
// not be allowed to look at it. No answer is told from a topic that is not there by looking.
func (c *Cloud) checkOne(ctx context.Context, n need) error {
	got, err := n.test(ctx, []string{n.permission})
	switch code := Code(err); {
	case code == codes.Unimplemented: // the emulator has no IAM
		if err := n.look(ctx); err != nil {
			return c.Explain(fmt.Errorf("%s: %w", n.name, err))
		}
		return nil
	case err == nil && len(got.Permissions) > 0:
		return nil
	case err != nil && code != codes.NotFound:
		return c.Explain(fmt.Errorf("%s: %w", n.name, err))
	}
	if err := n.look(ctx); Code(err) == codes.NotFound {
		return c.Explain(fmt.Errorf("%s: %w", n.name, err))
	}
	return fmt.Errorf("%s: the account that runs this lacks the permission %s there, or there is none: grant it %s with "+
		"burnish setup --worker-account and --recorder-account, or by hand; docs/deployment.md lists the roles", n.name, n.permission, n.role)
}
