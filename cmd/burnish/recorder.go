package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"burnish/cmd/internal/health"
	"burnish/cmd/internal/observe"
	"burnish/cmd/internal/setup"
	"burnish/worker/outcomes"
)

type recorderCmd struct {
	fleetFlags   `embed:""`
	observeFlags `embed:"" group:"Observing"`
	Source       string        `placeholder:"URL" help:"The source of the workers, by which uploads among the dead letters are named."`
	Every        time.Duration `default:"60s" placeholder:"D" help:"How long an outcome waits to be written with others. Default: ${default}."`
}

// Help tells what is recorded where.
func (*recorderCmd) Help() string {
	return `Writes the outcomes that workers publish into the ledger of the destination, and the dead letters
of all lanes too. What belongs to no batch goes into one for each lane and day. An outcome is
acked when its segment is written; any number of recorders may run.

SIGTERM writes what is in hand and ends with exit status 0.`
}

// Run records until a signal ends it.
func (c *recorderCmd) Run(log *slog.Logger) error {
	return c.observe(log, "burnish-recorder", c.Project, c.run)
}

func (c *recorderCmd) run(shown observed) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.Every < time.Second || c.Every > 30*time.Minute {
		return exit{exitUsage, fmt.Errorf("--every %v: expected 1s to 30m", c.Every)}
	}
	opts := outcomes.Options{Age: c.Every, Log: shown.log, Observe: observe.NewRecorder(shown.metrics)}
	dest, err := setup.ParsePlace(c.Dest)
	if err != nil {
		return exit{exitUsage, fmt.Errorf("--dest %w", err)}
	}
	if c.Source != "" {
		ends, err := setup.ParseEnds(c.Source, c.Dest)
		if err != nil {
			return exit{exitUsage, err}
		}
		if ends.Source.Bucket != "" {
			opts.Photo = ends.Source.Photo
		}
	}
	ctx, _ := setup.Signals()
	context.AfterFunc(ctx, shown.health.Stop)
	calls := observe.NewCalls(shown.metrics)
	cloud, err := setup.OpenCloud(ctx, c.Project, calls.Options()...)
	if err != nil {
		return err
	}
	defer cloud.Close()
	if err := cloud.CheckRecorder(ctx, c.Name); err != nil {
		return err
	}
	st, err := cloud.OpenDest(ctx, dest)
	if err != nil {
		return fmt.Errorf("destination: %w", err)
	}
	defer st.Close()
	recorder := outcomes.NewRecorder(cloud.PubSub, c.Name, st, opts)
	observe.Pending(shown.metrics, recorder)
	shown.health.Watch(ctx, recorder.Stalled,
		health.Check{Name: "pubsub", Every: checked, Ask: calls.Answering(3*checked, func(ctx context.Context) error {
			return cloud.Ping(ctx, c.Name)
		})},
		health.Check{Name: "destination", Every: checked, Ask: st.Probe})
	shown.log.Info("recording outcomes", "name", c.Name, "project", c.Project, "dest", dest.String())
	err = recorder.Run(ctx)
	if err != nil && !errors.Is(err, setup.ErrInterrupted) {
		return cloud.Explain(err)
	}
	return nil
}
