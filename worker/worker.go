// Package worker takes photos along the line: fetch, decode, enhance, encode, write, record, ack.
//
// process.go is the line, manifest.go what it publishes, settle.go the table that turns
// whatever happened into an outcome and a disposition.
package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

// Imager turns one request into one result; its errors wrap the facts of package imaging.
type Imager interface {
	Build() imaging.Build
	Process(ctx context.Context, req imaging.Request) (imaging.Result, error)
}

// Recorder takes the outcome of a job. When it returns nil the outcome will not be lost by
// anything short of the death of the process, and the job may be acked.
type Recorder interface {
	Record(ctx context.Context, o ledger.Outcome) error
}

// Config is what a worker works with. All fields but Attempts, Force and Log must be set.
type Config struct {
	Source store.Store // photos
	Dest   store.Store // variants and manifests
	Imager Imager
	Recipe imaging.Recipe
	Record Recorder

	// Attempts is how often a job is tried while its trouble may pass; 0 means 5.
	Attempts int
	// Force does photos again whose manifest is fresh.
	Force bool
	Log   *slog.Logger
}

// Worker works on the deliveries of a queue. Its methods may be called from many goroutines.
type Worker struct {
	Config
	fingerprint string
	halt        context.CancelCauseFunc
}

// New returns a worker. It starts nothing.
func New(c Config) *Worker {
	if c.Attempts == 0 {
		c.Attempts = 5
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Worker{
		Config:      c,
		fingerprint: c.Recipe.Fingerprint(c.Imager.Build()),
		halt:        func(error) {},
	}
}

// ErrHalted reports that the destination takes nothing more or that no imager starts, so that
// going on would only turn every photo into a failure. What was in hand has been handed back.
var ErrHalted = errors.New("stopped")

// Run receives until ctx ends, the subscriber gives up or no photo can be done any more.
// It returns when every photo in hand is settled or handed back.
func (w *Worker) Run(ctx context.Context, sub queue.Subscriber) error {
	ctx, halt := context.WithCancelCause(ctx)
	defer halt(nil)
	w.halt = halt
	if err := sub.Receive(ctx, w.Handle); err != nil {
		return fmt.Errorf("receive jobs: %w", err)
	}
	if cause := context.Cause(ctx); errors.Is(cause, ErrHalted) {
		return cause
	}
	return nil
}

// Handle does one delivery and says what the queue is to do with it. It acks only what has an
// outcome on record.
func (w *Worker) Handle(ctx context.Context, d queue.Delivery) queue.Disposition {
	start := time.Now()
	p := &photo{Delivery: d}
	err := w.process(ctx, p)
	if ctx.Err() != nil {
		// A hard stop: whatever the error says is our own doing, not the photo's.
		return queue.Retry(0)
	}
	verdict := settle(err, d.Attempt, w.Attempts)
	log := w.Log.With("key", d.Key, "batch", d.Batch, "generation", p.generation, "attempt", d.Attempt)
	switch verdict.end {
	case halt:
		w.halt(fmt.Errorf("%w: %w", ErrHalted, err))
		return queue.Retry(0)
	case again:
		log.Debug("photo is tried again", "after", verdict.after, "reason", verdict.reason, "error", err)
		return queue.Retry(verdict.after)
	}
	o := w.outcome(p, verdict, err)
	o.Elapsed = time.Since(start)
	if err := w.Record.Record(ctx, o); err != nil {
		if err := destination(err); errors.Is(err, errDestination) {
			w.halt(fmt.Errorf("%w: record outcomes: %w", ErrHalted, err))
		}
		log.Warn("outcome is not recorded, the photo is tried again", "error", err)
		return queue.Retry(time.Second)
	}
	if o.Status == ledger.Failed {
		log.Debug("photo failed", "reason", o.Reason, "error", err)
	}
	return queue.Ack
}

func (w *Worker) outcome(p *photo, v verdict, err error) ledger.Outcome {
	o := ledger.Outcome{
		Batch:       p.Batch,
		Key:         p.Key,
		Generation:  p.generation,
		Lane:        p.Lane,
		Status:      v.status,
		Reason:      v.reason,
		Recipe:      w.Recipe.Name,
		Fingerprint: w.fingerprint,
		Attempt:     p.Attempt,
		SourceBytes: p.size,
		CPU:         p.result.Timings.CPU,
		Ended:       time.Now(),
	}
	if err != nil {
		o.Message = err.Error()
	}
	if v.status == ledger.Done {
		o.Written = written(p.result.Variants)
	}
	return o
}

func written(variants []imaging.Variant) map[imaging.Format]ledger.Written {
	m := make(map[imaging.Format]ledger.Written)
	for _, v := range variants {
		f := m[v.Format]
		f.Variants++
		f.Bytes += int64(len(v.Data))
		m[v.Format] = f
	}
	return m
}
