package provision

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/api/googleapi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// resource is what a role can be granted on.
type resource struct {
	what string // and its name, as a person reads it
	read func(context.Context) (policy, error)

	// command is the gcloud command that grants on it, without --member and --role.
	command string
}

// policy is what stands on a resource, as of one moment.
type policy struct {
	bindings []*iampb.Binding

	// write replaces the bindings, unless somebody else has done so since.
	write func(context.Context, []*iampb.Binding) error
}

// version is the one of IAM policies that can hold conditions. Read with a lower one, a policy
// comes without them, and would lose them when it is written back.
const version = 3

// topicResource returns the topic of an id.
func (l *look) topicResource(id string) resource {
	admin, name := l.cloud.PubSub.TopicAdminClient, l.topic(id)
	return resource{
		what:    "topic " + name,
		read:    l.policies(name, admin.GetIamPolicy, admin.SetIamPolicy),
		command: fmt.Sprintf("gcloud pubsub topics add-iam-policy-binding %s --project=%s", id, l.cloud.Project),
	}
}

// subscriptionResource returns the subscription of an id.
func (l *look) subscriptionResource(id string) resource {
	admin, name := l.cloud.PubSub.SubscriptionAdminClient, "projects/"+l.cloud.Project+"/subscriptions/"+id
	return resource{
		what:    "subscription " + name,
		read:    l.policies(name, admin.GetIamPolicy, admin.SetIamPolicy),
		command: fmt.Sprintf("gcloud pubsub subscriptions add-iam-policy-binding %s --project=%s", id, l.cloud.Project),
	}
}

// policies reads the policies of a topic or a subscription.
func (l *look) policies(
	name string,
	get func(context.Context, *iampb.GetIamPolicyRequest, ...gax.CallOption) (*iampb.Policy, error),
	set func(context.Context, *iampb.SetIamPolicyRequest, ...gax.CallOption) (*iampb.Policy, error),
) func(context.Context) (policy, error) {
	return func(ctx context.Context) (policy, error) {
		p, err := get(ctx, &iampb.GetIamPolicyRequest{
			Resource: name,
			Options:  &iampb.GetPolicyOptions{RequestedPolicyVersion: version},
		})
		if err != nil {
			return policy{}, err
		}
		return policy{p.Bindings, func(ctx context.Context, bindings []*iampb.Binding) error {
			p.Bindings = bindings // its etag and audit configurations go back as they came
			_, err := set(ctx, &iampb.SetIamPolicyRequest{Resource: name, Policy: p})
			return err
		}}, nil
	}
}

// bucketResource returns a bucket.
func (l *look) bucketResource(name string) resource {
	return resource{
		what: "bucket " + name,
		read: func(ctx context.Context) (policy, error) {
			client, err := l.cloud.Storage(ctx)
			if err != nil {
				return policy{}, err
			}
			handle := client.Bucket(name).IAM().V3()
			p, err := handle.Policy(ctx)
			if err != nil {
				return policy{}, err
			}
			return policy{p.Bindings, func(ctx context.Context, bindings []*iampb.Binding) error {
				p.Bindings = bindings
				return handle.SetPolicy(ctx, p)
			}}, nil
		},
		command: fmt.Sprintf("gcloud storage buckets add-iam-policy-binding gs://%s", name),
	}
}

// holds reports whether a policy grants a role to a member without a condition.
func (p policy) holds(member, role string) bool {
	return slices.ContainsFunc(p.bindings, func(b *iampb.Binding) bool {
		return b.Role == role && b.Condition == nil && slices.Contains(b.Members, member)
	})
}

// with returns the bindings and one member more.
func (p policy) with(member, role string) []*iampb.Binding {
	for _, b := range p.bindings {
		if b.Role == role && b.Condition == nil {
			b.Members = append(b.Members, member)
			return p.bindings
		}
	}
	return append(p.bindings, &iampb.Binding{Role: role, Members: []string{member}})
}

// rounds is how often a policy is read again because somebody else has changed it meanwhile.
const rounds = 8

// add grants a role on the resource and keeps what others have granted.
func (r resource) add(ctx context.Context, member, role string) error {
	wait := gax.Backoff{Initial: 100 * time.Millisecond, Max: 3 * time.Second, Multiplier: 2}
	for round := 1; ; round++ {
		p, err := r.read(ctx)
		if err != nil || p.holds(member, role) {
			return err
		}
		err = p.write(ctx, p.with(member, role))
		if round == rounds || !conflict(err) {
			return err
		}
		if err := gax.Sleep(ctx, wait.Pause()); err != nil {
			return err
		}
	}
}

// conflict reports whether a policy was not written because it is not what was read.
func conflict(err error) bool {
	var api *googleapi.Error
	if errors.As(err, &api) {
		return api.Code == http.StatusConflict || api.Code == http.StatusPreconditionFailed
	}
	return status.Code(err) == codes.Aborted
}
