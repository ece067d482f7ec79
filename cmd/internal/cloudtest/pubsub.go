package cloudtest

import (
	"context"
	"slices"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
)

// publisher keeps topics.
type publisher struct {
	pubsubpb.UnimplementedPublisherServer
	*Cloud
}

func (s *publisher) CreateTopic(_ context.Context, t *pubsubpb.Topic) (*pubsubpb.Topic, error) {
	return create(s.topics, t.Name, t)
}

func (s *publisher) GetTopic(_ context.Context, r *pubsubpb.GetTopicRequest) (*pubsubpb.Topic, error) {
	return find(s.topics, r.Topic)
}

func (s *publisher) UpdateTopic(_ context.Context, r *pubsubpb.UpdateTopicRequest) (*pubsubpb.Topic, error) {
	return update(s.topics, r.Topic.Name, r.Topic, r.UpdateMask.Paths, []string{"message_retention_duration", "labels"})
}

// subscriber keeps subscriptions.
type subscriber struct {
	pubsubpb.UnimplementedSubscriberServer
	*Cloud
}

// CreateSubscription fills in what the service does.
func (s *subscriber) CreateSubscription(_ context.Context, sub *pubsubpb.Subscription) (*pubsubpb.Subscription, error) {
	if _, err := find(s.topics, sub.Topic); err != nil {
		return nil, err
	}
	if sub.AckDeadlineSeconds == 0 {
		sub.AckDeadlineSeconds = 10
	}
	if sub.MessageRetentionDuration == nil {
		sub.MessageRetentionDuration = durationpb.New(7 * 24 * time.Hour)
	}
	if sub.ExpirationPolicy == nil {
		sub.ExpirationPolicy = &pubsubpb.ExpirationPolicy{Ttl: durationpb.New(31 * 24 * time.Hour)}
	}
	return create(s.subs, sub.Name, sub)
}

func (s *subscriber) GetSubscription(_ context.Context, r *pubsubpb.GetSubscriptionRequest) (*pubsubpb.Subscription, error) {
	return find(s.subs, r.Subscription)
}

func (s *subscriber) UpdateSubscription(_ context.Context, r *pubsubpb.UpdateSubscriptionRequest) (*pubsubpb.Subscription, error) {
	return update(s.subs, r.Subscription.Name, r.Subscription, r.UpdateMask.Paths, []string{
		"push_config", "ack_deadline_seconds", "message_retention_duration", "expiration_policy", "dead_letter_policy",
		"retry_policy", "enable_exactly_once_delivery", "retain_acked_messages", "labels",
	})
}

func create[M proto.Message](all map[string]M, name string, m M) (M, error) {
	if _, ok := all[name]; ok {
		return m, status.Error(codes.AlreadyExists, "Resource already exists in the project.")
	}
	all[name] = proto.CloneOf(m)
	return m, nil
}

func find[M proto.Message](all map[string]M, name string) (M, error) {
	m, ok := all[name]
	if !ok {
		return m, status.Errorf(codes.NotFound, "Resource not found (resource=%s).", name)
	}
	return proto.CloneOf(m), nil
}

// update sets the named fields, of those that can be changed.
func update[M proto.Message](all map[string]M, name string, from M, paths, changeable []string) (M, error) {
	m, err := find(all, name)
	if err != nil {
		return m, err
	}
	for _, path := range paths {
		if !slices.Contains(changeable, path) {
			return m, status.Errorf(codes.InvalidArgument, "The field %s cannot be updated.", path)
		}
		field := m.ProtoReflect().Descriptor().Fields().ByName(protoreflect.Name(path))
		if !from.ProtoReflect().Has(field) {
			m.ProtoReflect().Clear(field)
			continue
		}
		m.ProtoReflect().Set(field, from.ProtoReflect().Get(field))
	}
	all[name] = m
	return proto.CloneOf(m), nil
}

// pubsubIAM is the IAM of topics and subscriptions.
type pubsubIAM struct {
	iampb.UnimplementedIAMPolicyServer
	*Cloud
}

// allow reports a call that is denied, or a resource that is none, as the service does.
func (s *pubsubIAM) allow(method, resource string) error {
	if s.denied(method) {
		return status.Error(codes.PermissionDenied, "User not authorized to perform this action.")
	}
	if _, ok := s.topics[resource]; ok {
		return nil
	}
	_, err := find(s.subs, resource)
	return err
}

func (s *pubsubIAM) GetIamPolicy(_ context.Context, r *iampb.GetIamPolicyRequest) (*iampb.Policy, error) {
	if err := s.allow("GetIamPolicy", r.Resource); err != nil {
		return nil, err
	}
	return s.Policies.get(r.Resource, r.GetOptions().GetRequestedPolicyVersion()), nil
}

func (s *pubsubIAM) SetIamPolicy(_ context.Context, r *iampb.SetIamPolicyRequest) (*iampb.Policy, error) {
	if err := s.allow("SetIamPolicy", r.Resource); err != nil {
		return nil, err
	}
	if err := s.Policies.set(r.Resource, r.Policy); err != nil {
		return nil, err
	}
	return r.Policy, nil
}

// TestIamPermissions answers for what is not there, too, as the service does.
func (s *pubsubIAM) TestIamPermissions(_ context.Context, r *iampb.TestIamPermissionsRequest) (*iampb.TestIamPermissionsResponse, error) {
	return &iampb.TestIamPermissionsResponse{Permissions: s.has(r.Resource, r.Permissions)}, nil
}
