package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"burnish/cmd/internal/setup"
	"burnish/queue"
	"burnish/worker/batch"
	"burnish/worker/store"
)

// batchArgs name a batch that is under way.
type batchArgs struct {
	Dest  string `arg:"" name:"dst" help:"The destination of the batch: gs://bucket or gs://bucket/prefix."`
	Batch string `arg:"" optional:"" help:"Its id, or the beginning or end of it. Default: the newest batch that is running or paused."`
}

// change loads the batch, changes it, and says how it stands now.
func (a batchArgs) change(change func(ctx context.Context, st store.Store, id string) (*batch.Batch, error)) error {
	place, err := setup.ParsePlace(a.Dest)
	if err != nil {
		return exit{exitUsage, fmt.Errorf("destination %w", err)}
	}
	if place.Bucket == "" {
		return exit{exitUsage, fmt.Errorf("destination %s: a folder is worked on by one process: interrupt that, and the same command goes on", place)}
	}
	ctx := context.Background()
	st, err := setup.OpenDestination(ctx, a.Dest)
	if err != nil {
		return err
	}
	defer st.Close()
	var id string
	if a.Batch == "" {
		if id, err = batch.Unfinished(ctx, st); err != nil {
			return exit{exitFailures, err}
		}
	} else if id, err = findBatch(ctx, st, a.Batch); err != nil {
		return err
	}
	b, err := change(ctx, st, id)
	switch {
	case errors.Is(err, batch.ErrState), errors.Is(err, store.ErrNotExist):
		return exit{exitFailures, err}
	case err != nil:
		return err
	}
	fmt.Fprintf(os.Stdout, "batch %s is %s, on lane %s: %d published, %d done, %d skipped, %d failed\n",
		b.ID, b.State, b.Lane, b.Totals.Published, b.Totals.Done, b.Totals.Skipped, b.Totals.Failed)
	return nil
}

type pauseCmd struct {
	batchArgs `embed:""`
}

// Help tells when it takes effect.
func (*pauseCmd) Help() string {
	return `Takes effect within 15 seconds: nothing more is published. What is published is done.`
}

func (c *pauseCmd) Run() error {
	return c.change(func(ctx context.Context, st store.Store, id string) (*batch.Batch, error) {
		return batch.Pause(ctx, st, id, setup.By())
	})
}

type resumeCmd struct {
	batchArgs `embed:""`
}

// Help tells what it is for.
func (*resumeCmd) Help() string {
	return `Lets a batch go on that was paused, or that has paused by itself because too much failed: mend
the cause first. Its backfill has to be running; start it again if it is not.`
}

func (c *resumeCmd) Run() error { return c.change(batch.Continue) }

type cancelCmd struct {
	batchArgs `embed:""`
}

// Help tells what becomes of the jobs.
func (*cancelCmd) Help() string {
	return `Takes effect within 15 seconds: nothing more is published, photos that are being worked on are
finished, and jobs that no worker has begun end as skipped (cancelled). A cancelled batch does not
go on; a new backfill does what is left.`
}

func (c *cancelCmd) Run() error {
	return c.change(func(ctx context.Context, st store.Store, id string) (*batch.Batch, error) {
		return batch.Cancel(ctx, st, id, setup.By())
	})
}

type priorityCmd struct {
	Lane      queue.Lane `arg:"" enum:"upload,rerun,backfill" help:"upload, rerun or backfill, the most urgent first."`
	batchArgs `embed:""`
}

// Help tells what is moved.
func (*priorityCmd) Help() string {
	return `Takes effect within 15 seconds, for what is published from then on.`
}

func (c *priorityCmd) Run() error {
	return c.change(func(ctx context.Context, st store.Store, id string) (*batch.Batch, error) {
		return batch.Move(ctx, st, id, c.Lane)
	})
}
