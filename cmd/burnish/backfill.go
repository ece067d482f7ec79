package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"burnish/cmd/internal/setup"
	"burnish/queue"
	"burnish/worker/batch"
)

type backfillCmd struct {
	backfillFlags `embed:""`
	Plan          string `placeholder:"FILE" help:"What burnish plan --save has kept: burnish status then sets it against what came of it."`
}

// backfillFlags say what a backfill is to do: burnish plan takes the same.
type backfillFlags struct {
	storageFlags `embed:"" set:"write_rate=1000"`
	workFlags    `embed:"" set:"recipe=catalogue"`
	selectFlags  `embed:""`
	stopFlags    `embed:""`
	endArgs      `embed:""`
	publishFlags `embed:"" set:"lane=backfill"`
}

// publishFlags say whether a fleet does the jobs of a batch, and how they are published to it.
type publishFlags struct {
	Project  string        `placeholder:"P" help:"The Google Cloud project of a fleet that does the photos. Without it, this process does them."`
	Name     string        `default:"burnish" placeholder:"NAME" help:"What the names of the fleet's topics begin with. Default: ${default}."`
	Window   int           `default:"0" placeholder:"N" help:"Jobs that the fleet has in hand at most. Default: as many as keep its workers busy."`
	Rate     float64       `default:"100" placeholder:"N" help:"Jobs published a second at first; doubles every 20 minutes. Default: ${default}."`
	Patience time.Duration `default:"6h" placeholder:"D" help:"Time for which a fleet may give no sign before the batch is given up. Default: ${default}."`
	Lane     queue.Lane    `default:"${lane}" enum:"upload,rerun,backfill" help:"Lane of the fleet's queue: upload, rerun or backfill. Default: ${default}."`
}

// Help tells what a backfill does and how it ends.
func (*backfillCmd) Help() string {
	return `Does what is missing or stale in DST: walks the photos of SRC and the manifests of DST side by
side. With --project, a fleet does the photos: each becomes a job, no more at a time than keep the
workers busy, and the batch ends when the last outcome is in the ledger. Otherwise they are done
here, as burnish run does.

Killed and started again with the same arguments, the same batch goes on. Two backfills into one
destination never overlap: the second says who holds the lease. burnish pause, resume, cancel and
priority take effect within seconds. A batch of which too much fails pauses by itself.

Exit status: 0 all done, 1 some photos failed (burnish failures DST lists them) or the batch was
cancelled, 2 usage, 3 could not start, 130 interrupted.`
}

func (c *backfillCmd) Run(log *slog.Logger) error {
	asked, ends, err := c.asks()
	if err != nil {
		return err
	}
	if asked.Plan, err = readPlan(c.Plan); err != nil {
		return err
	}
	t := task{log: log, ends: ends, asked: asked, json: c.JSON}
	return c.publishFlags.start(t, c.workFlags, c.storageFlags)
}

// asks checks the flags and reads what they ask for.
func (c *backfillFlags) asks() (b batch.Batch, ends setup.Ends, err error) {
	if err := errors.Join(c.workFlags.check(), c.checkStorage(), c.publishFlags.check(c.Force)); err != nil {
		return b, ends, err
	}
	if ends, err = setup.ParseEnds(c.Source, c.Dest); err != nil {
		return b, ends, exit{exitUsage, err}
	}
	b = batch.Batch{Kind: batch.Backfill, Force: c.Force, Keys: c.Keys, Limit: c.Limit, Window: c.Window, Lane: c.Lane}
	if b.Filter, err = c.filter(); err != nil {
		return b, ends, exit{exitUsage, err}
	}
	for _, file := range c.Keys {
		if _, err := os.Stat(file); err != nil {
			return b, ends, exit{exitUsage, fmt.Errorf("--keys: %w", err)}
		}
	}
	if b.Stop, err = c.stop(); err != nil {
		return b, ends, exit{exitUsage, err}
	}
	return b, ends, nil
}

// start has a fleet do the task, or does it here, and returns how it ended.
func (c publishFlags) start(t task, work workFlags, storage storageFlags) error {
	if c.Project != "" && t.ends.Dest.Bucket == "" {
		return exit{exitUsage, fmt.Errorf("destination %s: a fleet writes to a bucket; leave --project out to do the photos here", t.ends.Dest)}
	}
	if c.Project == "" {
		r := &run{task: t, workFlags: work, storageFlags: storage}
		return r.do(r)
	}
	f := &fleetTask{task: t, publishFlags: c, named: work.Recipe}
	return f.do(f)
}

func (c publishFlags) check(force bool) error {
	switch {
	case c.Window < 0 || c.Window > 10_000_000:
		return exit{exitUsage, fmt.Errorf("--window %d: expected 1 to 10000000, or 0 for as many as keep the workers busy", c.Window)}
	case c.Rate < 1 || c.Rate > 100_000:
		return exit{exitUsage, fmt.Errorf("--rate %v: expected 1 to 100000", c.Rate)}
	case c.Patience < time.Minute:
		return exit{exitUsage, fmt.Errorf("--patience %v: expected at least 1m", c.Patience)}
	case c.Project != "" && force:
		return exit{exitUsage, errors.New("--force: a fleet skips what is fresh; change the recipe, or leave --project out")}
	case !names.MatchString(c.Name):
		return exit{exitUsage, fmt.Errorf("--name %q: expected 3 to 200 letters, digits and hyphens, a letter first", c.Name)}
	}
	return nil
}
