package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	gcp "cloud.google.com/go/pubsub/v2"

	"burnish/cmd/internal/health"
	"burnish/cmd/internal/observe"
	"burnish/cmd/internal/setup"
	"burnish/imaging"
	"burnish/imaging/imager"
	"burnish/queue"
	"burnish/queue/pubsub"
	"burnish/worker"
	"burnish/worker/batch"
	"burnish/worker/outcomes"
)

type workerCmd struct {
	fleetFlags   `embed:""`
	storageFlags `embed:"" set:"write_rate=100"`
	observeFlags `embed:"" group:"Observing"`
	Source       string           `required:"" placeholder:"URL" help:"Where photos come from: gs://bucket, gs://bucket/prefix or a folder."`
	Recipe       string           `default:"catalogue" placeholder:"R" help:"A built-in recipe (${builtin_recipes}) or a YAML file. Default: ${default}."`
	Jobs         int              `default:"0" placeholder:"N" help:"Photos worked on at once. Default: one per core, or as many as --memory is enough for, at 256 MiB each."`
	Memory       imaging.ByteSize `default:"0" placeholder:"SIZE" help:"What photos being worked on may take together, such as 2GiB. A photo that takes more waits, or fails as too_large. Default: this container's limit or the machine's memory, less an eighth, at least 384 MiB."`
	Deadline     time.Duration    `default:"60s" placeholder:"D" help:"Time a photo may take before it fails as timeout. Default: ${default}."`
	Grace        time.Duration    `default:"25s" placeholder:"D" help:"Time after SIGTERM in which photos in hand are finished. Default: ${default}."`

	memory int64 // what --memory comes to, in bytes
}

// Help tells how a worker lives and ends.
func (*workerCmd) Help() string {
	return `Takes jobs from the lanes upload, rerun and backfill, in that priority, and publishes the outcome
of each before it acks it. Any number of workers may run on a bucket; a folder has one writer.

SIGTERM or Ctrl-C once takes nothing new, finishes what fits into --grace, hands the rest back
and ends with exit status 0; twice hands back at once. A worker that is killed costs its photos
a minute and nothing else.`
}

// outage is how long trouble that all photos share is waited out before it counts against them,
// and lease what one delivery may take in all.
const (
	outage = 15 * time.Minute
	lease  = 2 * outage
)

// fleetWorker is everything that one worker has open.
type fleetWorker struct {
	*workerCmd
	observed
	observer *observe.Worker
	recipe   imaging.Recipe
	ends     setup.Ends
	opened   []io.Closer // closed from the last to the first
	config   worker.Config
	cloud    *setup.Cloud
	queue    *pubsub.Queue
}

// Run works until a signal ends it.
func (c *workerCmd) Run(log *slog.Logger) error {
	return c.observe(log, "burnish-worker", c.Project, c.run)
}

func (c *workerCmd) run(shown observed) error {
	if err := cmp.Or(c.check(), c.checkStorage()); err != nil {
		return err
	}
	if c.Jobs < 0 || c.Jobs > 1024 {
		return exit{exitUsage, fmt.Errorf("--jobs %d: expected 1 to 1024, or 0 for one per core", c.Jobs)}
	}
	var err error
	if c.Jobs, c.memory, err = setup.Capacity(c.Jobs, c.Memory); err != nil {
		return exit{exitUsage, err}
	}
	if c.Deadline < time.Second || c.Deadline > lease/4 {
		return exit{exitUsage, fmt.Errorf("--deadline %v: expected 1s to %v", c.Deadline, lease/4)}
	}
	if c.Grace < 0 {
		return exit{exitUsage, fmt.Errorf("--grace %v: expected 0s or more", c.Grace)}
	}
	soft, hard := setup.Signals()
	hard = within(soft, hard, c.Grace)
	context.AfterFunc(soft, shown.health.Stop)
	w := &fleetWorker{workerCmd: c, observed: shown, observer: observe.NewWorker(shown.metrics, shown.log)}
	defer w.close()
	err = w.open(soft, hard)
	if err == nil {
		err = w.work(soft)
	}
	if errors.Is(context.Cause(soft), setup.ErrInterrupted) && !errors.Is(err, worker.ErrHalted) {
		return nil
	}
	return err
}

// within returns hard, ended at the latest when the grace after the end of soft is over.
func within(soft, hard context.Context, grace time.Duration) context.Context {
	ctx, cancel := context.WithCancelCause(hard)
	context.AfterFunc(soft, func() {
		time.AfterFunc(grace, func() { cancel(errors.New("the grace is over")) })
	})
	return ctx
}

// open opens every part, the cheap and likely wrong ones first.
func (w *fleetWorker) open(soft, hard context.Context) error {
	var err error
	if w.recipe, err = recipe(w.Recipe); err != nil {
		return err
	}
	if w.ends, err = setup.ParseEnds(w.Source, w.Dest); err != nil {
		return exit{exitUsage, err}
	}
	calls := observe.NewCalls(w.metrics)
	if w.cloud, err = setup.OpenCloud(soft, w.Project, calls.Options()...); err != nil {
		return err
	}
	w.opened = append(w.opened, w.cloud)
	w.cloud.WriteRate, w.cloud.Troubled = w.WriteRate, w.observer.Repeated
	if err := w.cloud.CheckWorker(soft, w.Name); err != nil {
		return err
	}
	source, dest, err := w.cloud.OpenEnds(soft, w.ends)
	if err != nil {
		return err
	}
	w.opened = append(w.opened, source, dest)
	pool, err := setup.StartImagers(soft, imager.Options{Slots: w.Jobs, Memory: w.memory, Deadline: w.Deadline, Log: w.log})
	if err != nil {
		return err
	}
	w.opened = append(w.opened, pool)
	publisher := outcomes.NewPublisher(w.cloud.PubSub, w.Name)
	w.opened = append(w.opened, publisher)
	w.config = w.observer.Around(worker.Config{
		Source: source, Dest: dest, Imager: pool, Recipe: w.recipe, Record: publisher, Cancelled: batch.NewWatch(dest).Cancelled,
		Slots: w.Jobs, Prefetch: int64(w.PrefetchBytes), Outage: outage, Log: w.log,
	})
	opts := pubsub.Options{Slots: inHand(w.Jobs, w.ends), Lease: lease, Hard: hard, Malformed: w.malformed}
	if w.ends.Source.Bucket != "" {
		opts.Photo = w.ends.Source.Photo
	}
	w.queue = pubsub.New(w.cloud.PubSub, w.Name, opts)
	observe.Watch(w.metrics, pool)
	w.health.Watch(soft, func() error { return w.observer.Stuck(w.Jobs, lease+time.Minute) },
		health.Check{Name: "pubsub", Every: checked, Ask: calls.Answering(3*checked, func(ctx context.Context) error {
			return w.cloud.Ping(ctx, w.Name)
		})},
		health.Check{Name: "source", Every: checked, Ask: source.Probe},
		health.Check{Name: "destination", Every: checked, Ask: dest.Probe},
		health.Check{Name: "imager", Every: time.Second, Ask: func(context.Context) error { return pool.Down() }})
	return nil
}

// close closes whatever is open.
func (w *fleetWorker) close() {
	if w.queue != nil {
		w.queue.Close()
	}
	for _, c := range slices.Backward(w.opened) {
		_ = c.Close()
	}
}

// malformed publishes the end of a message that is no job.
func (w *fleetWorker) malformed(ctx context.Context, lane queue.Lane, m *gcp.Message, why error) error {
	return w.config.Record.Record(ctx, outcomes.Malformed(lane, m, why))
}

// work receives until soft ends or nothing can be done any more.
func (w *fleetWorker) work(soft context.Context) error {
	w.log.Info("working on jobs", "name", w.Name, "project", w.Project,
		"source", w.ends.Source.String(), "dest", w.ends.Dest.String(), "slots", w.Jobs)
	err := worker.New(w.config).Run(soft, w.observer.Subscriber(w.queue))
	done, skipped, failed := w.observer.Totals()
	w.log.Info("worker ended", "done", done, "skipped", skipped, "failed", failed)
	switch {
	case errors.Is(err, worker.ErrHalted):
		return exit{exitFailures, fmt.Errorf("%w\nphotos in hand were handed back: mend the cause and start again", w.cloud.Explain(err))}
	case err != nil:
		return w.cloud.Explain(err)
	}
	return nil
}
