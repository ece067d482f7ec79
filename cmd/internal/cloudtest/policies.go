package cloudtest

import (
	"slices"
	"strconv"
	"sync"

	"cloud.google.com/go/iam/apiv1/iampb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// Policies are the IAM policies of all resources, kept as the service does: each write has a new
// etag, a write with an old one is refused, and conditions are only for those who ask for
// version 3.
type Policies struct {
	// Between, if set, runs after each read of a policy: the place for somebody else's change.
	Between func(resource string)

	mu         sync.Mutex
	byResource map[string]*iampb.Policy
	writes     int
}

// Holds reports whether a member has a role on a resource.
func (p *Policies) Holds(resource, role, member string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.byResource[resource].GetBindings(), func(b *iampb.Binding) bool {
		return b.Role == role && b.Condition == nil && slices.Contains(b.Members, member)
	})
}

// Writes counts the changes of all policies.
func (p *Policies) Writes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.writes
}

// Bind adds a binding to a resource, as somebody else would.
func (p *Policies) Bind(resource string, binding *iampb.Binding) {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := p.byResource[resource]
	p.put(resource, &iampb.Policy{Bindings: append(slices.Clone(old.GetBindings()), binding), AuditConfigs: old.GetAuditConfigs()})
}

// Audit sets an audit configuration, which is part of a policy.
func (p *Policies) Audit(resource string, config *iampb.AuditConfig) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.put(resource, &iampb.Policy{Bindings: p.byResource[resource].GetBindings(), AuditConfigs: []*iampb.AuditConfig{config}})
}

// Get returns the policy of a resource.
func (p *Policies) Get(resource string) *iampb.Policy {
	p.mu.Lock()
	defer p.mu.Unlock()
	if there, ok := p.byResource[resource]; ok {
		return proto.CloneOf(there)
	}
	return &iampb.Policy{Etag: []byte("none")}
}

// get answers a reader that knows policies up to a version.
func (p *Policies) get(resource string, version int32) *iampb.Policy {
	policy := p.Get(resource)
	conditional := func(b *iampb.Binding) bool { return b.Condition != nil }
	switch {
	case version >= 3 && slices.ContainsFunc(policy.Bindings, conditional):
		policy.Version = 3
	default:
		policy.Version = 1
		policy.Bindings = slices.DeleteFunc(policy.Bindings, conditional)
	}
	if p.Between != nil {
		p.Between(resource)
	}
	return policy
}

// set replaces a policy. One without an etag overwrites whatever there is, and one of an older
// version loses its conditions.
func (p *Policies) set(resource string, policy *iampb.Policy) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	etag := []byte("none")
	if there, ok := p.byResource[resource]; ok {
		etag = there.Etag
	}
	if len(policy.Etag) > 0 && string(policy.Etag) != string(etag) {
		return status.Error(codes.Aborted, "There were concurrent policy changes.")
	}
	for _, b := range policy.Bindings {
		if b.Condition != nil && policy.Version < 3 {
			return status.Error(codes.InvalidArgument, "Conditions need a policy of version 3.")
		}
	}
	p.put(resource, proto.CloneOf(policy))
	return nil
}

func (p *Policies) put(resource string, policy *iampb.Policy) {
	p.writes++
	policy.Etag = []byte(strconv.Itoa(p.writes))
	p.byResource[resource] = policy
}
