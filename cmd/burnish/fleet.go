package main

import (
	"context"
	"fmt"
	"os"

	"google.golang.org/grpc/codes"

	"burnish/cmd/internal/setup"
	"burnish/imaging"
	"burnish/imaging/imager"
	"burnish/queue/pubsub"
	"burnish/worker"
	"burnish/worker/batch"
)

// fleetTask is a task whose jobs a fleet does.
type fleetTask struct {
	task
	publishFlags
	named string // its recipe
	cloud *setup.Cloud
	queue *pubsub.Queue
}

// open opens every part, the cheap and likely wrong ones first.
func (f *fleetTask) open(soft, _ context.Context) error {
	var err error
	if err := f.choose(f.named); err != nil {
		return err
	}
	if f.cloud, err = setup.OpenCloud(soft, f.Project); err != nil {
		return err
	}
	f.opened = append(f.opened, f.cloud)
	if err := f.cloud.CheckPublisher(soft, f.Name); err != nil {
		return err
	}
	if err := f.openEnds(soft, &f.cloud.Stores); err != nil {
		return exit{exitNotStarted, err}
	}
	build, err := build(soft, f.task)
	if err != nil {
		return exit{exitNotStarted, err}
	}
	// Before any job names it.
	if f.asked.RecipeID, err = worker.KeepRecipe(soft, f.dest, f.recipe); err != nil {
		return exit{exitNotStarted, fmt.Errorf("destination: %w", err)}
	}
	if err := f.begin(soft, build); err != nil {
		return err
	}
	f.queue = pubsub.New(f.cloud.PubSub, f.Name, pubsub.Options{})
	f.conductor = &batch.Conductor{
		Publisher: f.queue, Dest: f.dest, Recipe: f.asked.RecipeID, Follow: true,
		Rate: f.Rate, Patience: f.Patience, Passes: passes, Outage: outage,
	}
	return nil
}

// build asks an imager for what decides about the fingerprint. The workers of the fleet must be
// of the same version.
func build(ctx context.Context, t task) (imaging.Build, error) {
	pool, err := setup.StartImagers(ctx, imager.Options{Slots: 1, Log: t.log})
	if err != nil {
		return imaging.Build{}, err
	}
	defer pool.Close()
	return pool.Build(), nil
}

// passes reports whether an error of Pub/Sub is no answer, or one that asks for patience.
func passes(err error) bool {
	switch setup.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Internal, codes.Aborted:
		return true
	}
	return false
}

func (*fleetTask) stopping() string {
	return "publishing nothing more; what is published, the fleet does"
}

// work publishes until the last outcome is in.
func (f *fleetTask) work(ctx context.Context) error {
	fmt.Fprintf(os.Stderr, "burnish: batch %s, %s → %s by the fleet %s in project %s\n", f.batch.ID, f.source, f.dest, f.Name, f.Project)
	return f.cloud.Explain(f.conduct(ctx))
}

// shut sends what is still on its way.
func (f *fleetTask) shut(context.Context) error {
	f.queue.Close()
	return nil
}
