package main

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"burnish/cmd/internal/setup"
	"burnish/imaging"
	"burnish/worker/batch"
)

type runCmd struct {
	storageFlags `embed:"" set:"write_rate=1000"`
	workFlags    `embed:"" set:"recipe=catalogue"`
	endArgs      `embed:""`
}

// endArgs are where photos come from and where variants go to.
type endArgs struct {
	Source string `arg:"" name:"src" help:"Folder of photos, gs://bucket or gs://bucket/prefix. It is only read."`
	Dest   string `arg:"" name:"dst" help:"Folder, gs://bucket or gs://bucket/prefix for variants, manifests and the ledger. A folder is made if it is missing."`
}

// workFlags say how photos are worked on in this process.
type workFlags struct {
	Recipe   string           `default:"${recipe}" placeholder:"R" help:"A built-in recipe (${builtin_recipes}) or a YAML file. Default: ${default}."`
	Jobs     int              `default:"0" placeholder:"N" help:"Photos worked on at once. Default: one per core, or as many as --memory is enough for, at 256 MiB each."`
	Memory   imaging.ByteSize `default:"0" placeholder:"SIZE" help:"What photos being worked on may take together, such as 2GiB. A photo that takes more waits, or fails as too_large. Default: this container's limit or the machine's memory, less an eighth, at least 384 MiB."`
	Force    bool             `help:"Do photos again that are fresh."`
	JSON     bool             `help:"Print the closing figures as JSON."`
	Deadline time.Duration    `default:"60s" placeholder:"D" help:"Time a photo may take before it fails as timeout. Default: ${default}."`

	memory int64 // what --memory comes to, in bytes
}

// check reports flags that cannot be, and fills in how many photos are worked on at once and what
// memory they may take.
func (f *workFlags) check() error {
	if f.Jobs < 0 || f.Jobs > 1024 {
		return exit{exitUsage, fmt.Errorf("--jobs %d: expected 1 to 1024, or 0 for one per core", f.Jobs)}
	}
	var err error
	if f.Jobs, f.memory, err = setup.Capacity(f.Jobs, f.Memory); err != nil {
		return exit{exitUsage, err}
	}
	if f.Deadline < time.Second {
		return exit{exitUsage, fmt.Errorf("--deadline %v: expected at least 1s", f.Deadline)}
	}
	return nil
}

// Help tells what a run does and how it ends.
func (*runCmd) Help() string {
	return `Writes optimised variants of every photo below SRC into DST, and skips those that are there
already from the same photo and recipe. Hidden files and folders are left out, and so are folders
that Burnish itself has written.

A folder has one writer at a time. In a bucket each write has its condition: two runs into one
lose nothing, but may do photos twice.

Ctrl-C once finishes the photos in hand and stops; twice stops at once. Either way, and after any
crash, the same command goes on where it was.

Exit status: 0 all done, 1 some photos failed (burnish failures DST lists them), 2 usage,
3 could not start, 130 interrupted.`
}

func (c *runCmd) Run(log *slog.Logger) error {
	if err := errors.Join(c.workFlags.check(), c.checkStorage()); err != nil {
		return err
	}
	ends, err := setup.ParseEnds(c.Source, c.Dest)
	if err != nil {
		return exit{exitUsage, err}
	}
	r := &run{
		task:      task{log: log, ends: ends, asked: batch.Batch{Kind: batch.Run, Force: c.Force}, json: c.JSON},
		workFlags: c.workFlags, storageFlags: c.storageFlags,
	}
	return r.do(r)
}
