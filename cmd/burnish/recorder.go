package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"burnish/cmd/internal/setup"
	"burnish/worker/outcomes"
)

type recorderCmd struct {
	fleetFlags `embed:""`
	Source     string        `placeholder:"URL" help:"The source of the workers, by which uploads among the dead letters are named."`
	Every      time.Duration `default:"60s" placeholder:"D" help:"How long an outcome waits to be written with others. Default: ${default}."`
}

// Help tells what is recorded where.
func (*recorderCmd) Help() string {
	return `Writes the outcomes that workers publish into the ledger of the destination, and the dead letters
of all lanes too. What belongs to no batch goes into one for each lane and day. An outcome is
acked when its segment is written; any number of recorders may run.

SIGTERM writes what is in hand and ends with exit status 0.`
}

func (c *recorderCmd) Run(log *slog.Logger) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.Every < time.Second || c.Every > 30*time.Minute {
		return exit{exitUsage, fmt.Errorf("--every %v: expected 1s to 30m", c.Every)}
	}
	opts := outcomes.Options{Age: c.Every, Log: log}
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
	cloud, err := setup.OpenCloud(ctx, c.Project)
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
	fmt.Fprintf(os.Stderr, "burnish: recording outcomes of %s in project %s into %s\n", c.Name, c.Project, dest)
	err = outcomes.NewRecorder(cloud.PubSub, c.Name, st, opts).Run(ctx)
	if err != nil && !errors.Is(err, setup.ErrInterrupted) {
		return cloud.Explain(err)
	}
	return nil
}
