package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"burnish/cmd/internal/setup"
	"burnish/imaging"
	"burnish/imaging/imager"
	"burnish/queue"
	"burnish/queue/memory"
	"burnish/worker"
	"burnish/worker/batch"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

type runCmd struct {
	storageFlags `embed:"" set:"write_rate=1000"`
	Source       string           `arg:"" name:"src" help:"Folder of photos. It is only read."`
	Dest         string           `arg:"" name:"dst" help:"Folder for variants, manifests and the ledger. It is made if it is missing."`
	Recipe       string           `default:"catalogue" placeholder:"R" help:"A built-in recipe (${builtin_recipes}) or a YAML file. Default: ${default}."`
	Jobs         int              `default:"0" placeholder:"N" help:"Photos worked on at once. Default: one per core, or as many as --memory is enough for, at 256 MiB each."`
	Memory       imaging.ByteSize `default:"0" placeholder:"SIZE" help:"What photos being worked on may take together, such as 2GiB. A photo that takes more waits, or fails as too_large. Default: this container's limit or the machine's memory, less an eighth, at least 384 MiB."`
	Force        bool             `help:"Do photos again that are fresh."`
	JSON         bool             `help:"Print the closing figures as JSON."`
	Deadline     time.Duration    `default:"60s" placeholder:"D" help:"Time a photo may take before it fails as timeout. Default: ${default}."`

	memory int64 // what --memory comes to, in bytes
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

// run is everything that one run has open.
type run struct {
	*runCmd
	log      *slog.Logger
	recipe   imaging.Recipe
	ends     setup.Ends
	opened   []io.Closer // closed from the last to the first
	source   store.Store
	dest     store.Store
	pool     *imager.Pool
	queue    *memory.Queue
	batch    *batch.Batch
	ledger   *ledger.Writer
	tally    *tally
	progress *progress
}

func (c *runCmd) Run(log *slog.Logger) error {
	if c.Jobs < 0 || c.Jobs > 1024 {
		return exit{exitUsage, fmt.Errorf("--jobs %d: expected 1 to 1024, or 0 for one per core", c.Jobs)}
	}
	var err error
	if c.Jobs, c.memory, err = setup.Capacity(c.Jobs, c.Memory); err != nil {
		return exit{exitUsage, err}
	}
	if err := c.checkStorage(); err != nil {
		return err
	}
	if c.Deadline < time.Second {
		return exit{exitUsage, fmt.Errorf("--deadline %v: expected at least 1s", c.Deadline)}
	}
	soft, hard := setup.Signals()
	defer context.AfterFunc(soft, func() {
		fmt.Fprintln(os.Stderr, "\nburnish: finishing the photos in hand; interrupt again to stop at once")
	})()
	r := &run{runCmd: c, log: log}
	defer r.close()
	if err := r.open(soft, hard); err != nil {
		if errors.Is(context.Cause(soft), setup.ErrInterrupted) {
			return exit{exitInterrupted, setup.ErrInterrupted}
		}
		return err
	}
	return r.finish(soft, r.work(soft, hard))
}

// open opens every part, the cheap and likely wrong ones first.
func (r *run) open(soft, hard context.Context) error {
	var err error
	if r.recipe, err = recipe(r.Recipe); err != nil {
		return err
	}
	if r.ends, err = setup.ParseEnds(r.Source, r.Dest); err != nil {
		return exit{exitUsage, err}
	}
	if err := r.openEnds(soft); err != nil {
		return exit{exitNotStarted, err}
	}
	r.pool, err = setup.StartImagers(soft, imager.Options{Slots: r.Jobs, Memory: r.memory, Deadline: r.Deadline, Log: r.log})
	if err != nil {
		return exit{exitNotStarted, err}
	}
	r.opened = append(r.opened, r.pool)
	r.batch, err = batch.Start(soft, r.dest, batch.Batch{
		Kind:        batch.Run,
		Source:      r.source.String(),
		Dest:        r.dest.String(),
		Recipe:      r.recipe.Name,
		Fingerprint: r.recipe.Fingerprint(r.pool.Build()),
		By:          setup.By(),
	})
	if err != nil {
		return exit{exitNotStarted, fmt.Errorf("destination: %w", err)}
	}
	if r.ledger, err = ledger.NewWriter(r.dest, r.batch.ID, ledger.Options{Log: r.log}); err != nil {
		return exit{exitNotStarted, err}
	}
	r.queue = memory.New(memory.Options{
		Slots:    inHand(r.Jobs, r.ends),
		Capacity: 4 * inHand(r.Jobs, r.ends),
		Lease:    time.Hour, // the pool's deadline ends a photo long before
		Attempts: 100,       // the worker's table records a failure long before
		Hard:     hard,
	})
	return nil
}

// openEnds opens the source and the destination.
func (r *run) openEnds(ctx context.Context) error {
	stores := &setup.Stores{WriteRate: r.WriteRate}
	r.opened = append(r.opened, stores)
	source, dest, err := stores.OpenEnds(ctx, r.ends)
	if err != nil {
		return err
	}
	r.opened = append(r.opened, source, dest)
	r.source, r.dest = source, dest
	return nil
}

// close closes whatever is open.
func (r *run) close() {
	for _, c := range slices.Backward(r.opened) {
		_ = c.Close()
	}
}

// work publishes jobs and does them, until all are settled or a stop. It returns what stopped
// it.
func (r *run) work(soft, hard context.Context) error {
	r.progress = newProgress(os.Stderr)
	defer r.progress.close()
	r.tally = &tally{ledger: r.ledger, progress: r.progress}
	w := worker.New(worker.Config{
		Source: r.source, Dest: r.dest, Imager: r.pool, Recipe: r.recipe,
		Record: r.tally, Slots: r.Jobs, Prefetch: int64(r.PrefetchBytes), Force: r.Force, Log: r.log,
	})
	// receiving ends when everything is settled, or with any trouble, or with soft.
	receiving, settled := context.WithCancel(soft)
	defer settled()
	g, ctx := errgroup.WithContext(receiving)
	g.Go(func() error {
		r.count(ctx)
		return nil
	})
	g.Go(func() error {
		defer settled()
		if err := r.publish(ctx); err != nil {
			return err
		}
		_ = r.queue.Settled(ctx)
		return nil
	})
	g.Go(func() error {
		defer settled()
		return w.Run(ctx, r.queue)
	})
	return g.Wait()
}

// count finds out how many photos there are, for the progress alone: publishing waits for the
// queue, so it knows only at the end. A listing that fails is publish's to report.
func (r *run) count(ctx context.Context) {
	for a, err := range r.source.List(ctx, store.Range{}) {
		if err != nil {
			return
		}
		if !setup.Hidden(queue.Key(a.Name)) {
			r.progress.found.Add(1)
		}
	}
	r.progress.walked.Store(true)
}

// publish walks photos and manifests side by side and publishes what is missing or stale.
func (r *run) publish(ctx context.Context) error {
	decisions := batch.Reconcile(ctx, r.source, r.dest, r.batch.Fingerprint, batch.Options{Body: worker.ManifestMetadata})
	for d, err := range decisions {
		if err != nil {
			return fmt.Errorf("list: %w", err)
		}
		if d.State == batch.Orphan || setup.Hidden(d.Key) {
			continue
		}
		if d.State == batch.Fresh && !r.Force {
			r.progress.fresh.Add(1)
			continue
		}
		r.progress.published.Add(1)
		job := queue.Job{Key: d.Key, Generation: d.Generation, Batch: r.batch.ID}
		if err := r.queue.Publish(ctx, queue.Backfill, job); err != nil {
			return err
		}
	}
	return nil
}

// finish closes the books and says how it went.
func (r *run) finish(soft context.Context, stopped error) error {
	interrupted := errors.Is(context.Cause(soft), setup.ErrInterrupted)
	if interrupted && errors.Is(stopped, context.Canceled) {
		stopped = nil
	}
	// The books are closed whatever happened; a store that hangs must not hang the program, and
	// one that takes no more is not asked for long.
	patience := time.Minute
	if stopped != nil {
		patience = 2 * time.Second
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := r.ledger.Close(ctx)
	s := r.tally.summary()
	s.Batch, s.State = r.batch.ID, r.end(interrupted, stopped)
	s.Seconds = time.Since(r.batch.Started).Seconds()
	if err == nil {
		err = r.batch.Finish(ctx, r.dest, r.end(interrupted, stopped), r.tally.totals())
	}
	if r.JSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		err = errors.Join(err, enc.Encode(s))
	} else {
		err = errors.Join(err, s.print(os.Stdout))
	}
	left, more := r.progress.undone()
	atLeast := ""
	if more {
		atLeast = "at least "
	}
	switch {
	case stopped != nil:
		return exit{exitFailures, errors.Join(stopped, err,
			fmt.Errorf("photos left undone: %s%d; mend the cause and run the same command again", atLeast, left))}
	case err != nil:
		return exit{exitFailures, fmt.Errorf("the photos are written, but not all that is said of them: %w", err)}
	case interrupted:
		return exit{exitInterrupted, errors.New("interrupted; the same command goes on")}
	case s.failures() > 0:
		return exit{exitFailures, fmt.Errorf("photos failed: %d; see burnish failures %s", s.failures(), r.Dest)}
	case r.tally.totals().Seen == 0:
		fmt.Fprintf(os.Stderr, "burnish: no photos below %s, or only hidden ones: is it the right folder?\n", r.Source)
	}
	return nil
}

func (r *run) end(interrupted bool, stopped error) batch.State {
	switch {
	case stopped != nil:
		return batch.Failed
	case interrupted:
		return batch.Interrupted
	}
	return batch.Finished
}
