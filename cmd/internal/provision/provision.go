// Package provision brings what a fleet needs in Google Cloud up to date.
//
// One list says what is wanted: topics, subscriptions, grants and the bucket's notification.
// Look compares it with what there is and changes nothing; making its steps in order makes up
// the difference, and can be repeated. Nothing is ever deleted: jobs may wait on it.
package provision

import (
	"context"
	"errors"
	"fmt"
	"time"

	"burnish/cmd/internal/setup"
)

// Fleet is what is wanted.
type Fleet struct {
	Name     string // that the names of all topics and subscriptions begin with
	Attempts int    // after which a job is a dead letter, 5 to 100
	Ends     setup.Ends

	// Notify says that uploads into the source's bucket are to arrive as jobs.
	Notify bool

	// Grant says that roles are to be granted: to Google's own accounts, and to Worker and
	// Recorder where they are given, as members of an IAM policy.
	Grant            bool
	Worker, Recorder string
	Number           string // of the project; looked up where it is empty
}

// Verb is what is to be done about one thing.
type Verb int

// The verbs. ByHand is what a program must not or cannot do, LeaveOut what the emulator lacks.
const (
	Keep Verb = iota
	Create
	Change
	Grant
	ByHand
	LeaveOut
)

// Step is one thing that a fleet needs, and what is to be done about it.
type Step struct {
	Verb  Verb
	What  string   // and its name, as a person reads it
	Notes []string // each field that changes, as name: old → new; for ByHand what to do

	make func(context.Context) error // nil where nothing is to be done
}

// answer is how long a service may take for one thing.
const answer = 20 * time.Second

// Make does what the step says. It can be called again after an error.
func (s Step) Make(ctx context.Context) error {
	if s.make == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, propagation+answer)
	defer cancel()
	if err := s.make(ctx); err != nil {
		return fmt.Errorf("%s: %w", s.What, err)
	}
	return nil
}

// look is one look at the services.
type look struct {
	cloud *setup.Cloud
	fleet Fleet

	// emulated says that the service is the official emulator, which has no IAM and keeps
	// messages for a week at most.
	emulated bool
	number   string // of the project, empty where it could not be found
	unknown  error  // why it could not be found

	storageAgent string // by which Cloud Storage publishes notifications, empty if unknown
	granted      bool   // its role, a moment ago: that need not be in force yet
}

// Look compares what there is with what is wanted, and changes nothing. It refuses a fleet that
// would be triggered by its own output with setup.ErrLoop.
func Look(ctx context.Context, cloud *setup.Cloud, f Fleet) ([]Step, error) {
	ctx, cancel := context.WithTimeout(ctx, 6*answer)
	defer cancel()
	l := &look{cloud: cloud, fleet: f}
	if err := l.findService(ctx); err != nil {
		return nil, l.explain(err)
	}
	source, err := l.buckets(ctx)
	if err != nil {
		return nil, l.explain(err)
	}
	var steps []Step
	for _, part := range []func(context.Context) ([]Step, error){
		l.topics,
		l.subscriptions,
		func(ctx context.Context) ([]Step, error) { return l.grants(ctx, source) },
		l.notification,
	} {
		some, err := part(ctx)
		if err != nil {
			return nil, l.explain(err)
		}
		for _, step := range some {
			if do := step.make; do != nil {
				step.make = func(ctx context.Context) error { return l.explain(do(ctx)) }
			}
			steps = append(steps, step)
		}
	}
	return steps, nil
}

// explain adds what a person can do about an error, unless it says so already.
func (l *look) explain(err error) error {
	var a advised
	switch {
	case errors.As(err, &a):
		return err
	case missing(err):
		return advise(err, "is there a project %s, and may you use it?", l.cloud.Project)
	}
	return l.cloud.Explain(err)
}

// advised is an error that says what a person can do about it.
type advised struct{ error }

func (a advised) Unwrap() error { return a.error }

func advise(err error, format string, args ...any) error {
	return advised{fmt.Errorf("%w\n%s", err, fmt.Sprintf(format, args...))}
}

func (l *look) topic(id string) string { return "projects/" + l.cloud.Project + "/topics/" + id }
