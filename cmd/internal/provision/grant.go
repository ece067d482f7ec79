package provision

import (
	"context"
	"fmt"

	"google.golang.org/grpc/codes"

	"burnish/cmd/internal/setup"
)

// grant is a role that a member of IAM is to have on one resource.
type grant struct {
	member, role string
	on           resource
}

func (g grant) String() string {
	return fmt.Sprintf("%s on %s to %s", g.role, g.on.what, g.member)
}

// command is how a person grants it.
func (g grant) command() string {
	return fmt.Sprintf("%s --member=%s --role=%s", g.on.command, g.member, g.role)
}

// grants looks at what roles are granted. The source is the project of its bucket.
func (l *look) grants(ctx context.Context, source string) ([]Step, error) {
	switch {
	case !l.fleet.Grant:
		return nil, nil
	case l.emulated:
		return []Step{{Verb: LeaveOut, What: "roles: the Pub/Sub emulator has no IAM"}}, nil
	}
	pubsub, storage := agents(l.number, source)
	l.storageAgent = storage
	var steps []Step
	if l.number == "" {
		steps = append(steps, l.withoutNumber())
	}
	for _, g := range l.wantedGrants(pubsub, storage) {
		step, err := l.grantStep(ctx, g)
		if err != nil {
			return nil, fmt.Errorf("roles on %s: %w", g.on.what, err)
		}
		steps = append(steps, step)
	}
	return steps, nil
}

func (l *look) grantStep(ctx context.Context, g grant) (Step, error) {
	step := Step{What: g.String()}
	p, err := g.on.read(ctx)
	switch {
	case denied(err):
		step.Verb = ByHand
		step.Notes = []string{"you may not look at who holds roles here. If it is not granted yet, have somebody run", g.command()}
		return step, nil
	case missing(err): // it is made by an earlier step
	case err != nil:
		return step, err
	case p.holds(g.member, g.role):
		return step, nil
	}
	step.Verb = Grant
	step.make = func(ctx context.Context) error {
		err := g.on.add(ctx, g.member, g.role)
		l.granted = l.granted || err == nil && g.member == l.storageAgent
		return explainGrant(g, err)
	}
	return step, nil
}

// explainGrant says what a person can do where a grant is refused.
func explainGrant(g grant, err error) error {
	switch {
	case err == nil:
		return nil
	case denied(err):
		return advise(err, "you may not grant roles here: have somebody run\n%s", g.command())
	case setup.Code(err) == codes.InvalidArgument:
		return advise(err, "does %s exist? Google's own accounts are made by\n"+
			"gcloud beta services identity create --service=pubsub.googleapis.com and gcloud storage service-agent", g.member)
	}
	return err
}

func denied(err error) bool { return setup.Code(err) == codes.PermissionDenied }

func missing(err error) bool { return setup.Code(err) == codes.NotFound }
