package pubsub

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	gcp "cloud.google.com/go/pubsub/v2"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"burnish/queue"
)

// extension is how far the client extends a lease at a time: how long the jobs of a worker
// that died stay hidden. Left to itself the client takes up to 10 minutes.
const extension = time.Minute

// lastWords is how long the client may take to send its acks when all handlers have returned: a
// tenth of a second where the service answers, and minutes where it does not.
const lastWords = 2 * time.Second

// Receive pulls the three lanes until ctx ends or one of them is refused, and then waits for
// the handlers and for the service to take their acks, the latter not for long: what is not
// acked then is delivered again. It holds as many messages of each lane as it has slots. Those
// that are handed back at the end are nacked; to the service that is a failed attempt at each.
// As many that the service sends in the last moment stay hidden for a minute.
//
// A Retry is kept back here for as long as it asks, or until the end of Receive, and then
// nacked; the subscription's own backoff comes on top. It goes on taking a slot of its lane:
// where everything fails for a while, the lane is pulled more slowly.
func (q *Queue) Receive(ctx context.Context, handle queue.Handler) error {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if q.opts.Hard != nil {
		defer context.AfterFunc(q.opts.Hard, func() { stop(); cancel() })()
	}
	r := &receiver{Queue: q, work: work, handle: queue.Recover(handle)}
	lanes, pulling := errgroup.WithContext(ctx)
	for _, lane := range queue.Lanes {
		lanes.Go(func() error { return r.pull(pulling, lane) })
	}
	ended, overdue := make(chan error, 1), make(chan struct{})
	go func() { ended <- lanes.Wait() }()
	context.AfterFunc(pulling, func() {
		r.drain()
		time.Sleep(lastWords)
		close(overdue)
	})
	select {
	case err := <-ended:
		return err
	case <-overdue: // the client's own goroutines end with the client
	}
	if ctx.Err() != nil {
		return nil
	}
	return context.Cause(pulling)
}

// receiver is one call of Receive.
type receiver struct {
	*Queue
	work    context.Context // ends with the hard stop
	handle  queue.Handler
	running sync.RWMutex // read-locked by each handler that runs
}

// pull receives one lane.
func (r *receiver) pull(ctx context.Context, lane queue.Lane) error {
	sub := r.client.Subscriber(resource(r.name, lane))
	sub.ReceiveSettings = gcp.ReceiveSettings{
		MaxExtension:               2 * r.opts.Lease, // as long may a Retry be kept back
		MinDurationPerAckExtension: extension,
		MaxDurationPerAckExtension: extension,
		MaxOutstandingMessages:     r.opts.Slots,
		EnablePerStreamFlowControl: true, // the service keeps to the bound too
		NumGoroutines:              1,
	}
	err := sub.Receive(ctx, func(client context.Context, m *gcp.Message) {
		r.message(trace.ContextWithSpan(ctx, trace.SpanFromContext(client)), lane, m)
	})
	if err != nil {
		return fmt.Errorf("receive from %s: %w", sub, err)
	}
	return nil
}

// message settles one message. ctx is that of Receive, not the client's, which is the same
// for its use here, as it ends with the stop; with the span that the client has made for the
// message if it was told to.
func (r *receiver) message(ctx context.Context, lane queue.Lane, m *gcp.Message) {
	disposition := r.deliver(ctx, lane, m)
	after, retry := disposition.Retry()
	if !retry {
		m.Ack()
		return
	}
	pause(ctx, after)
	if ctx.Err() != nil {
		// The client keeps its streams open until the last handler has returned, but reads
		// no more from them: for each message that is given back before, the service sends
		// another one, which then lies there until its lease lapses.
		r.drain()
	}
	m.Nack()
}

// deliver finds out what is to be done with a message, and does it.
func (r *receiver) deliver(ctx context.Context, lane queue.Lane, m *gcp.Message) queue.Disposition {
	r.running.RLock()
	defer r.running.RUnlock()
	if ctx.Err() != nil {
		return queue.Retry(0)
	}
	work, cancel := context.WithTimeout(trace.ContextWithSpan(r.work, trace.SpanFromContext(ctx)), r.opts.Lease)
	defer cancel()
	job, wanted, err := ReadJob(m, r.opts.Photo)
	switch {
	case err != nil:
		return r.malformed(work, lane, m, err)
	case !wanted:
		return queue.Ack
	}
	return r.handle(work, queue.Delivery{Job: job, Lane: lane, ID: m.ID, Attempt: attempt(m), Sent: m.PublishTime})
}

// malformed ends a message that no delivery will ever make a job of.
func (r *receiver) malformed(ctx context.Context, lane queue.Lane, m *gcp.Message, why error) queue.Disposition {
	slog.WarnContext(ctx, "malformed message", "lane", lane, "id", m.ID, "error", why)
	if r.opts.Malformed == nil {
		return queue.Retry(0)
	}
	if err := r.opts.Malformed(ctx, lane, m, why); err != nil {
		slog.WarnContext(ctx, "malformed message is not recorded", "lane", lane, "id", m.ID, "error", err)
		return queue.Retry(time.Second)
	}
	return queue.Ack
}

// drain waits until no handler runs. After the end of Receive's context none is started.
func (r *receiver) drain() {
	r.running.Lock()
	defer r.running.Unlock()
}

// attempt returns the number of a delivery. A subscription without a dead-letter policy does
// not count: each is the first.
func attempt(m *gcp.Message) int {
	if m.DeliveryAttempt == nil {
		return 1
	}
	return max(1, *m.DeliveryAttempt)
}

// pause waits for a while, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
