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
	"sync/atomic"
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

// Config is what a worker works with. The first five fields must be set.
type Config struct {
	Source store.Store // photos
	Dest   store.Store // variants and manifests
	Imager Imager
	Recipe imaging.Recipe // of jobs that name none
	Record Recorder

	// Slots is how many photos the imager is given at once, those of urgent lanes first; 0
	// means that it is given each as it comes.
	Slots int
	// Attempts is how often a job is tried while its trouble may pass; 0 means 5.
	Attempts int
	// Outage is how long a job waits out trouble that all photos share, such as a store that
	// does not answer, before its tries count. Once other photos get through, they count.
	Outage time.Duration
	// Prefetch bounds the bytes of the photos that are fetched and wait for one of the Slots, a
	// third for each lane; 0 means DefaultPrefetch. A photo that is larger than its third gets
	// in alone. What the imager works on comes on top: Slots times the recipe's limit at most.
	Prefetch int64
	// Cancelled, if set, tells whether a batch was cancelled: its photos are then skipped. It is
	// asked for every photo that belongs to one.
	Cancelled func(ctx context.Context, batch string) bool
	// Force does photos again whose manifest is fresh.
	Force bool
	Log   *slog.Logger
}

// DefaultPrefetch is 256 MiB: in each lane, 20 photos of 4 MiB, which is more than wait at a
// time where there are fewer than 16 slots.
const DefaultPrefetch = 256 << 20

// Worker works on the deliveries of a queue. Its methods may be called from many goroutines.
type Worker struct {
	Config
	budget   *budget
	recipes  *cookbook
	gate     *queue.Gate // before the imager, if it has slots
	done     atomic.Int64
	halt     context.CancelCauseFunc
	stopping <-chan struct{} // closed when nothing new is to be begun
}

// New returns a worker. It starts nothing.
func New(c Config) *Worker {
	if c.Attempts == 0 {
		c.Attempts = 5
	}
	if c.Prefetch <= 0 {
		c.Prefetch = DefaultPrefetch
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	w := &Worker{
		Config:  c,
		budget:  newBudget(c.Prefetch),
		recipes: newCookbook(c.Dest, c.Recipe, c.Imager.Build()),
		halt:    func(error) {},
	}
	if c.Slots > 0 {
		w.gate = queue.NewGate(c.Slots)
	}
	return w
}

// ErrHalted reports that the destination takes nothing more or that no imager starts, so that
// going on would only turn every photo into a failure. What was in hand has been handed back.
var ErrHalted = errors.New("stopped")

// Run receives until ctx ends, the subscriber gives up or no photo can be done any more.
// It returns when every photo in hand is settled or handed back.
func (w *Worker) Run(ctx context.Context, sub queue.Subscriber) error {
	ctx, halt := context.WithCancelCause(ctx)
	defer halt(nil)
	w.halt, w.stopping = halt, ctx.Done()
	if err := sub.Receive(ctx, w.Handle); err != nil {
		return fmt.Errorf("receive jobs: %w", err)
	}
	if cause := context.Cause(ctx); errors.Is(cause, ErrHalted) {
		return cause
	}
	return nil
}

// Handle does one delivery and says what the queue is to do with it. It acks only what has an
// outcome on record, and hands back only what a stop or the end of the lease leaves undone: to
// a queue, handing back is a failed attempt, and a photo that waits for a store to answer has
// done nothing to deserve one.
func (w *Worker) Handle(ctx context.Context, d queue.Delivery) queue.Disposition {
	start := time.Now()
	o, ok := w.settled(ctx, d)
	if !ok {
		return queue.Retry(0)
	}
	o.Elapsed = time.Since(start)
	return w.record(ctx, o)
}

// settled takes a photo along the line, again while its trouble may pass, and returns how that
// ended; or false if it has to be handed back.
func (w *Worker) settled(ctx context.Context, d queue.Delivery) (ledger.Outcome, bool) {
	start, counted := time.Now(), 1
	for tries := 1; ; tries++ {
		others := w.done.Load()
		p := &photo{Delivery: d, recipe: new(recipe)}
		p.Attempt += tries - 1
		err := w.process(ctx, p)
		if ctx.Err() != nil {
			// A hard stop: whatever the error says is our own doing, not the photo's.
			return ledger.Outcome{}, false
		}
		v := settle(err, counted, w.Attempts)
		log := w.Log.With("key", d.Key, "batch", d.Batch, "generation", p.generation, "attempt", d.Attempt, "try", tries)
		switch v.end {
		case halt:
			w.halt(fmt.Errorf("%w: %w", ErrHalted, err))
			return ledger.Outcome{}, false
		case again:
			after := backoff(tries)
			log.DebugContext(ctx, "photo is tried again", "after", after, "reason", v.reason, "error", err)
			if !w.pause(ctx, after) {
				return ledger.Outcome{}, false
			}
			if !v.shared || w.done.Load() != others || time.Since(start) > w.Outage {
				counted++
			}
			continue
		case record:
			return w.outcome(p, v, err), true
		}
	}
}

// pause waits between two tries. It returns false when there is to be no other.
func (w *Worker) pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-w.stopping:
	case <-ctx.Done():
	}
	return false
}

// record puts an outcome on record and acks. While that fails for a passing reason it is
// tried again, also after a soft stop: the work is done, and only its outcome is missing.
func (w *Worker) record(ctx context.Context, o ledger.Outcome) queue.Disposition {
	for tries := 1; ; tries++ {
		err := w.Record.Record(ctx, o)
		if err == nil {
			if o.Status == ledger.Done {
				w.done.Add(1)
			}
			return queue.Ack
		}
		if err := destination(err); errors.Is(err, errDestination) {
			w.halt(fmt.Errorf("%w: record outcomes: %w", ErrHalted, err))
			return queue.Retry(0)
		}
		after := backoff(tries)
		w.Log.WarnContext(ctx, "outcome is not recorded", "key", o.Key, "batch", o.Batch, "generation", o.Generation,
			"after", after, "error", err)
		select {
		case <-time.After(after):
		case <-ctx.Done():
			return queue.Retry(0)
		}
	}
}

func (w *Worker) outcome(p *photo, v verdict, err error) ledger.Outcome {
	o := ledger.Outcome{
		Batch:       p.Batch,
		Key:         p.Key,
		Generation:  p.generation,
		Lane:        p.Lane,
		Status:      v.status,
		Reason:      v.reason,
		Recipe:      p.recipe.Name,
		Fingerprint: p.recipe.fingerprint,
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
