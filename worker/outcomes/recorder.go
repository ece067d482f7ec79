package outcomes

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	gcp "cloud.google.com/go/pubsub/v2"
	"golang.org/x/sync/errgroup"

	"burnish/queue"
	"burnish/queue/pubsub"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

// Options say how a recorder works. The zero value is good for most.
type Options struct {
	Rows  int           // outcomes that are written without waiting longer; 0 means 10,000
	Age   time.Duration // that an outcome waits for others to be written with; 0 means a minute
	Photo pubsub.Photo  // names uploads among the dead letters; nil takes the object's own name
	Log   *slog.Logger  // nil for silence

	// Observe is told what happens; nil for nobody.
	Observe Observer
}

// Recorder writes outcomes, and dead letters as outcomes, into the ledgers of their batches.
// Any number of recorders can work on one queue and one destination.
type Recorder struct {
	client *gcp.Client
	queue  string
	dest   store.Store
	opts   Options

	mu      sync.Mutex
	pending *pile
	writing *pile         // nil while none is
	full    chan struct{} // has one element when pending has enough outcomes

	digests   *digests
	digesting sync.WaitGroup // Run waits for it
}

// pile is what is written at once.
type pile struct {
	writers  map[string]*ledger.Writer // by batch
	messages []*gcp.Message            // acked when all writers are closed
	since    time.Time                 // when the first of them came
}

// NewRecorder returns a recorder. It asks nothing of the service.
func NewRecorder(client *gcp.Client, queueName string, dest store.Store, opts Options) *Recorder {
	opts.Rows = cmp.Or(opts.Rows, 10_000)
	opts.Age = cmp.Or(opts.Age, time.Minute)
	if opts.Photo == nil {
		opts.Photo = func(_, object string) (queue.Key, bool) { return queue.Key(object), true }
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Observe == nil {
		opts.Observe = nobody{}
	}
	return &Recorder{
		client: client, queue: queueName, dest: dest, opts: opts,
		pending: &pile{writers: make(map[string]*ledger.Writer)},
		full:    make(chan struct{}, 1),
		digests: &digests{dest: dest, log: opts.Log, last: make(map[string]time.Time)},
	}
}

// Run records until ctx ends, and then writes what it has. It gives up when a subscription or
// the destination refuses: what is not in a segment by then is delivered again.
func (r *Recorder) Run(ctx context.Context) error {
	receiving, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	received := make(chan struct{}) // closed when nothing more comes
	var flushing sync.WaitGroup
	flushing.Go(func() {
		if err := r.flushAll(receiving, received); err != nil {
			stop(err)
			r.giveBack(received)
		}
	})
	subs, subsCtx := errgroup.WithContext(receiving)
	subs.Go(func() error { return r.receive(subsCtx, stop, Name(r.queue), r.outcome) })
	for _, lane := range queue.Lanes {
		subs.Go(func() error {
			return r.receive(subsCtx, stop, DeadName(r.queue, lane), func(m *gcp.Message) ledger.Outcome {
				o := deadLetter(lane, m, r.opts.Photo)
				r.opts.Observe.Took(o, true)
				return o
			})
		})
	}
	err := subs.Wait()
	close(received)
	flushing.Wait()
	cause := context.Cause(receiving)
	stop(nil)
	r.digesting.Wait()
	if err == nil && cause != nil && !errors.Is(cause, context.Cause(ctx)) {
		err = cause
	}
	return err
}

// DeadName is the subscription that keeps the dead letters of a lane of a queue.
func DeadName(name string, lane queue.Lane) string { return name + "-" + string(lane) + "-dead" }

// outcome reads the outcome of a worker.
func (r *Recorder) outcome(m *gcp.Message) ledger.Outcome {
	o := outcomeOf(m)
	r.opts.Observe.Took(o, false)
	return o
}

// outcomeOf reads an outcome. What is none is one too: malformed.
func outcomeOf(m *gcp.Message) ledger.Outcome {
	var o ledger.Outcome
	if err := json.Unmarshal(m.Data, &o); err != nil {
		return Malformed("outcomes", m, err)
	}
	return o
}

// receive takes the messages of one subscription, and holds up to twice as many as are
// written at once: the next pile grows while one is written. They are acked by flush.
func (r *Recorder) receive(ctx context.Context, stop context.CancelCauseFunc, name string, read func(*gcp.Message) ledger.Outcome) error {
	sub := r.client.Subscriber(name)
	sub.ReceiveSettings = gcp.ReceiveSettings{
		MaxExtension:               time.Hour,
		MinDurationPerAckExtension: extension,
		MaxDurationPerAckExtension: extension,
		MaxOutstandingMessages:     2 * r.opts.Rows,
		MaxOutstandingBytes:        64 << 20,
		EnablePerStreamFlowControl: true,
		NumGoroutines:              1,
	}
	err := sub.Receive(ctx, func(ctx context.Context, m *gcp.Message) {
		if err := r.take(ctx, m, read(m)); err != nil {
			m.Nack()
			if ctx.Err() == nil {
				stop(err)
			}
		}
	})
	if err != nil {
		return fmt.Errorf("receive from %s: %w", sub, err)
	}
	return nil
}

// take puts an outcome onto the pile.
func (r *Recorder) take(ctx context.Context, m *gcp.Message, o ledger.Outcome) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	batch := batchOf(o)
	w := r.pending.writers[batch]
	if w == nil {
		var err error
		// The pile says when to write: the writer's own clock must not make two segments of it.
		w, err = ledger.NewWriter(r.dest, batch, ledger.Options{MaxAge: 2 * r.opts.Age, Log: r.opts.Log})
		if err != nil {
			return err
		}
		r.pending.writers[batch] = w
	}
	if err := w.Record(ctx, o); err != nil {
		return err
	}
	if len(r.pending.messages) == 0 {
		r.pending.since = time.Now()
	}
	r.pending.messages = append(r.pending.messages, m)
	if len(r.pending.messages) >= r.opts.Rows {
		select {
		case r.full <- struct{}{}:
		default:
		}
	}
	return nil
}

// stopping is how often the pile is written after a stop: the client waits for the ack of
// every message that it still brings.
const stopping = 100 * time.Millisecond

// flushAll writes the pile whenever it is old or large enough, until nothing more comes.
func (r *Recorder) flushAll(ctx context.Context, received <-chan struct{}) error {
	tick := time.NewTicker(r.opts.Age)
	defer tick.Stop()
	stopped := ctx.Done()
	for {
		select {
		case <-tick.C:
		case <-r.full:
		case <-stopped:
			tick.Reset(stopping)
			stopped = nil
		case <-received:
			_, err := r.flush()
			return err
		}
		written, err := r.flush()
		if err != nil {
			return err
		}
		r.digests.due(ctx, &r.digesting, written)
	}
}

// patience bounds the writing of one pile, so that a destination which does not answer shows.
const patience = 5 * time.Minute

// flush writes the pile and then acks its messages: in this order a recorder that dies in
// between records them twice, never not at all. It returns the batches that were written to.
func (r *Recorder) flush() (batches []string, err error) {
	p := r.swap()
	defer r.written()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var errs []error
	for batch, w := range p.writers {
		errs = append(errs, w.Close(ctx))
		batches = append(batches, batch)
	}
	err = errors.Join(errs...)
	if len(p.messages) > 0 {
		r.opts.Observe.Wrote(len(p.messages), err)
	}
	if err != nil {
		for _, m := range p.messages {
			m.Nack()
		}
		return nil, err
	}
	for _, m := range p.messages {
		m.Ack()
	}
	return batches, nil
}

// swap begins a new pile.
func (r *Recorder) swap() *pile {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.pending
	r.pending = &pile{writers: make(map[string]*ledger.Writer)}
	r.writing = p
	return p
}

// written says that the pile which was swapped out is done with.
func (r *Recorder) written() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writing = nil
}

// giveBack nacks whatever still comes after the destination has refused.
func (r *Recorder) giveBack(received <-chan struct{}) {
	refused, cancel := context.WithCancel(context.Background())
	cancel()
	for {
		p := r.swap()
		for _, m := range p.messages {
			m.Nack()
		}
		for _, w := range p.writers {
			_ = w.Close(refused)
		}
		select {
		case <-received:
			return
		case <-time.After(stopping):
		}
	}
}
