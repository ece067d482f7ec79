package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"burnish/cmd/internal/setup"
	"burnish/imaging"
	"burnish/queue"
	"burnish/worker"
	"burnish/worker/batch"
	"burnish/worker/batch/keylist"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

// task is a batch that this process publishes: what run and backfill have open in any case.
type task struct {
	log    *slog.Logger
	recipe imaging.Recipe // without a name until it is chosen
	ends   setup.Ends
	asked  batch.Batch // its kind and what it selects
	json   bool        // print the closing figures as JSON

	// find says what is to be done instead of a walk over the source.
	find func(ctx context.Context, src, dst store.Store) iter.Seq2[batch.Decision, error]

	opened    []io.Closer // closed from the last to the first
	source    store.Store
	dest      store.Store
	batch     *batch.Batch
	adopted   bool // from an earlier process
	conductor *batch.Conductor
	progress  *progress
	held      context.Context // ends with the lease of the destination, or with soft
}

// way is how the jobs of a task are done: in this process or by a fleet.
type way interface {
	open(soft, hard context.Context) error
	// stopping is what is said after the first interrupt.
	stopping() string
	// work returns what stopped it before all was done.
	work(ctx context.Context) error
	// shut writes what is still to be written when no more work is done.
	shut(ctx context.Context) error
}

// do takes a task from its opening to its end.
func (t *task) do(w way) error {
	soft, hard := setup.Signals()
	defer context.AfterFunc(soft, func() {
		fmt.Fprintln(os.Stderr, "\nburnish: "+w.stopping())
	})()
	defer t.close()
	if err := w.open(soft, hard); err != nil {
		if errors.Is(context.Cause(soft), setup.ErrInterrupted) {
			return exit{exitInterrupted, setup.ErrInterrupted}
		}
		return err
	}
	t.progress = newProgress(os.Stderr)
	stopped := w.work(t.held)
	t.progress.close()
	return t.finish(soft, stopped, w)
}

// choose reads the recipe, unless whoever made the task has.
func (t *task) choose(named string) (err error) {
	if t.recipe.Name == "" {
		t.recipe, err = recipe(named)
	}
	return err
}

// openEnds opens the source and the destination.
func (t *task) openEnds(ctx context.Context, stores *setup.Stores) error {
	source, dest, err := stores.OpenEnds(ctx, t.ends)
	if err != nil {
		return err
	}
	t.opened = append(t.opened, source, dest)
	t.source, t.dest = source, dest
	return nil
}

// lock takes the lease of the destination. A folder has its lock already, and runs into a
// bucket may overlap.
func (t *task) lock(ctx context.Context) error {
	t.held = ctx
	if t.asked.Kind == batch.Run || t.ends.Dest.Bucket == "" {
		return nil
	}
	lease, held, err := hold(ctx, t.dest)
	if err != nil {
		return err
	}
	t.opened = append(t.opened, lease)
	t.held = held
	return nil
}

// hold takes the lease of a destination. The context that it returns ends with it.
func hold(ctx context.Context, dest store.Store) (*batch.Lease, context.Context, error) {
	lease, held, err := batch.Acquire(ctx, dest, setup.By(), func(holder string) {
		fmt.Fprintf(os.Stderr, "burnish: %s holds the lease of %s; waiting up to a minute to see whether it is alive\n", holder, dest)
	})
	if err != nil {
		return nil, nil, exit{exitNotStarted, err}
	}
	return lease, held, nil
}

// begin writes the record of the batch, or takes up that of a backfill that has died.
func (t *task) begin(ctx context.Context, build imaging.Build) error {
	if err := t.lock(ctx); err != nil {
		return err
	}
	b := t.describe(build)
	if b.Plan != nil {
		if err := b.Plan.Fits(b); err != nil {
			return exit{exitUsage, fmt.Errorf("--plan: %w", err)}
		}
	}
	var err error
	if b.Kind == batch.Run {
		t.batch, err = batch.Start(ctx, t.dest, b)
	} else {
		t.batch, t.adopted, err = batch.Begin(ctx, t.dest, b)
	}
	if err != nil {
		return exit{exitNotStarted, fmt.Errorf("destination: %w", err)}
	}
	if t.adopted {
		fmt.Fprintf(os.Stderr, "burnish: going on with batch %s, which was begun at %s\n", t.batch.ID, t.batch.Started.Local().Format(time.DateTime))
	}
	return nil
}

// describe is the record of what is asked for, before it is begun.
func (t *task) describe(build imaging.Build) batch.Batch {
	b := t.asked
	b.Source, b.Dest = t.source.String(), t.dest.String()
	b.Recipe, b.Fingerprint = t.recipe.Name, t.recipe.Fingerprint(build)
	b.By = setup.By()
	return b
}

// close closes whatever is open.
func (t *task) close() {
	for _, c := range slices.Backward(t.opened) {
		_ = c.Close()
	}
}

// conduct publishes until the last outcome is in.
func (t *task) conduct(ctx context.Context) error {
	t.conductor.Log, t.conductor.Tell, t.conductor.Observe = t.log, t.tell, t.progress.observe
	var counting sync.WaitGroup
	defer counting.Wait()
	ctx, done := context.WithCancel(ctx)
	defer done()
	if t.ahead() {
		counting.Go(func() { t.count(ctx) })
	}
	return t.conductor.Conduct(ctx, t.batch, t.decisions(ctx))
}

// ahead reports whether the photos are counted ahead of the walk. In a bucket that would be a
// second bill.
func (t *task) ahead() bool {
	return t.ends.Source.Bucket == "" && len(t.asked.Keys) == 0 && t.find == nil
}

// tell says that the batch pauses, and why, or goes on.
func (t *task) tell(paused string) {
	if paused == "" {
		fmt.Fprintf(os.Stderr, "\nburnish: batch %s goes on\n", t.batch.ID)
		return
	}
	fmt.Fprintf(os.Stderr, "\nburnish: batch %s is paused, %s; burnish resume %s %s lets it go on\n", t.batch.ID, paused, t.ends.Dest, t.batch.ID)
}

// count finds out how many photos there are, for the progress alone: publishing waits for the
// queue, so it knows only at the end. A listing that fails is for publishing to report.
func (t *task) count(ctx context.Context) {
	for a, err := range t.source.List(ctx, store.Range{Prefix: string(t.asked.Filter.Prefix)}) {
		if err != nil {
			return
		}
		if !setup.Hidden(queue.Key(a.Name)) && t.asked.Filter.Has(a) {
			t.progress.found.Add(1)
		}
	}
	t.progress.walked.Store(true)
}

// decisions says what each photo needs, and leaves hidden files out.
func (t *task) decisions(ctx context.Context) iter.Seq2[batch.Decision, error] {
	counts := !t.ahead()
	return func(yield func(batch.Decision, error) bool) {
		absent := 0
		for d, err := range t.walk(ctx) {
			if err == nil && d.State == batch.Absent {
				absent++
			}
			if err == nil && (d.State == batch.Orphan || d.State == batch.Absent || setup.Hidden(d.Key)) {
				continue
			}
			if err == nil {
				t.progress.pass(counts, d.State == batch.Fresh && !t.asked.Force)
			}
			if !yield(d, err) {
				return
			}
		}
		if counts {
			t.progress.walked.Store(true)
		}
		if absent > 0 {
			fmt.Fprintf(os.Stderr, "\nburnish: keys that are listed and have no photo: %d\n", absent)
		}
	}
}

// walk compares photos and manifests: all of them side by side, or those of a list of keys.
func (t *task) walk(ctx context.Context) iter.Seq2[batch.Decision, error] {
	if t.find != nil {
		return t.unended(ctx, t.find(ctx, t.source, t.dest))
	}
	opts := batch.Options{Filter: t.asked.Filter, Body: worker.ManifestMetadata}
	if t.ends.Source.Bucket != "" || t.ends.Dest.Bucket != "" {
		opts.Outage = outage // a disk that does not answer is for a person
	}
	if t.ends.Source.Bucket != "" && t.ends.Dest.Bucket != "" {
		opts.Ranges = 4 * max(2, runtime.GOMAXPROCS(0))
	}
	if len(t.asked.Keys) == 0 {
		return batch.Reconcile(ctx, t.source, t.dest, t.batch.Fingerprint, opts)
	}
	opts.Ranges *= 4 // each waits for one small answer at a time
	place := keylist.Place{Bucket: t.ends.Source.Bucket, Prefix: t.ends.Source.Prefix}
	return batch.Listed(ctx, t.source, t.dest, t.batch.Fingerprint, keysOf(t.asked.Keys, place), opts)
}

// unended leaves out what an earlier process has asked for in the same batch and what has failed
// since. What is done is found by nobody.
func (t *task) unended(ctx context.Context, decisions iter.Seq2[batch.Decision, error]) iter.Seq2[batch.Decision, error] {
	if !t.adopted {
		return decisions
	}
	return func(yield func(batch.Decision, error) bool) {
		failed := make(map[queue.Key]bool)
		for o, err := range ledger.Outcomes(ctx, t.dest, t.batch.ID, ledger.Filter{Status: ledger.Failed}) {
			var damaged *ledger.SegmentError // what it had is asked for twice
			if err != nil && !errors.As(err, &damaged) {
				yield(batch.Decision{}, err)
				return
			}
			failed[o.Key] = true
		}
		for d, err := range decisions {
			if !failed[d.Key] && !yield(d, err) {
				return
			}
		}
	}
}

// keysOf reads one list after the other.
func keysOf(files []string, place keylist.Place) iter.Seq2[queue.Key, error] {
	return func(yield func(queue.Key, error) bool) {
		for _, file := range files {
			for key, err := range keylist.Read(file, place) {
				if !yield(key, err) || err != nil {
					return
				}
			}
		}
	}
}

// finish closes the books and says how it went.
func (t *task) finish(soft context.Context, stopped error, w way) error {
	interrupted := errors.Is(context.Cause(soft), setup.ErrInterrupted)
	if interrupted && (errors.Is(stopped, context.Canceled) || errors.Is(stopped, setup.ErrInterrupted)) {
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
	err := w.shut(ctx)
	s, totals := t.summary(), t.conductor.Totals()
	if err == nil && !errors.Is(stopped, batch.ErrLost) { // else the record is somebody else's by now
		err = t.batch.Finish(ctx, t.dest, end(interrupted, stopped), totals)
	}
	s.Batch, s.State = t.batch.ID, t.batch.State
	err = errors.Join(err, t.print(s))
	return t.verdict(s, totals, interrupted, stopped, err)
}

// summary is how this process has done.
func (t *task) summary() summary {
	s := summarize(t.conductor.Counted())
	s.Fresh += t.progress.fresh.Load() // those that were not even looked at
	s.Seconds = time.Since(t.progress.start).Seconds()
	return s
}

func (t *task) print(s summary) error {
	if !t.json {
		return s.print(os.Stdout)
	}
	enc := json.NewEncoder(os.Stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(s)
}

// verdict is the exit status and what is said with it.
func (t *task) verdict(s summary, totals batch.Totals, interrupted bool, stopped, err error) error {
	switch {
	case errors.Is(stopped, batch.ErrCancelled):
		return exit{exitFailures, errors.Join(stopped, err)}
	case stopped != nil:
		left, more := t.progress.undone()
		atLeast := ""
		if more {
			atLeast = "at least "
		}
		return exit{exitFailures, errors.Join(stopped, err,
			fmt.Errorf("photos left undone: %s%d; mend the cause and run the same command again", atLeast, left))}
	case err != nil:
		return exit{exitFailures, fmt.Errorf("the photos are written, but not all that is said of them: %w", err)}
	case interrupted:
		return exit{exitInterrupted, errors.New("interrupted; the same command goes on")}
	case s.failures() > 0:
		return exit{exitFailures, fmt.Errorf("photos failed: %d; see burnish failures %s", s.failures(), t.ends.Dest)}
	case totals.Seen == 0:
		fmt.Fprintf(os.Stderr, "burnish: no photos below %s, or only hidden ones: is it the right folder?\n", t.ends.Source)
	}
	return nil
}

// end is the state in which a batch is left.
func end(interrupted bool, stopped error) batch.State {
	switch {
	case errors.Is(stopped, batch.ErrCancelled):
		return batch.Cancelled
	case stopped != nil:
		return batch.Failed
	case interrupted:
		return batch.Interrupted
	}
	return batch.Finished
}
