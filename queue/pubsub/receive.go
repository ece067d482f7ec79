package pubsub

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	gcp "cloud.google.com/go/pubsub/v2"
	"golang.org/x/sync/errgroup"

	"burnish/queue"
)

// extension is how far the client extends a lease at a time: how long the jobs of a worker
// that died stay hidden. Left to itself the client takes up to 10 minutes.
const extension = time.Minute

// Receive pulls the three lanes until ctx ends or one of them is refused, and then waits for
// the handlers. It holds up to twice as many messages of each lane as it has slots, so that
// the next one is at hand when a slot becomes free. Those that no handler has been given are
// nacked at the end; to the service that is a failed attempt at each. As many that the
// service sends in the last moment stay hidden for a minute.
//
// A Retry is kept back here for as long as it asks, or until the end of Receive, and then
// nacked; the subscription's own backoff comes on top. Jobs that wait like that count as
// held: a lane whose jobs all fail for a while is pulled more slowly.
func (q *Queue) Receive(ctx context.Context, handle queue.Handler) error {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if q.opts.Hard != nil {
		defer context.AfterFunc(q.opts.Hard, func() { stop(); cancel() })()
	}
	r := &receiver{Queue: q, work: work, handle: queue.Recover(handle), gate: newGate(q.opts.Slots)}
	lanes, ctx := errgroup.WithContext(ctx)
	for _, lane := range queue.Lanes {
		lanes.Go(func() error { return r.pull(ctx, lane) })
	}
	return lanes.Wait()
}

// receiver is one call of Receive.
type receiver struct {
	*Queue
	work   context.Context // ends with the hard stop
	handle queue.Handler
	gate   *gate
}

// pull receives one lane.
func (r *receiver) pull(ctx context.Context, lane queue.Lane) error {
	sub := r.client.Subscriber(resource(r.name, lane))
	sub.ReceiveSettings = gcp.ReceiveSettings{
		MaxExtension:               2 * r.opts.Lease, // as long may be waited for a slot
		MinDurationPerAckExtension: extension,
		MaxDurationPerAckExtension: extension,
		MaxOutstandingMessages:     2 * r.opts.Slots,
		EnablePerStreamFlowControl: true, // the service keeps to the bound too
		NumGoroutines:              1,
	}
	err := sub.Receive(ctx, func(_ context.Context, m *gcp.Message) { r.message(ctx, lane, m) })
	if err != nil {
		return fmt.Errorf("receive from %s: %w", sub, err)
	}
	return nil
}

// message settles one message. ctx is that of Receive, not the client's, which is the same
// for its use here: it ends with the stop.
func (r *receiver) message(ctx context.Context, lane queue.Lane, m *gcp.Message) {
	job, wanted, err := r.job(m)
	switch {
	case err != nil:
		// Only the dead-letter topic shows it to a person whole, and it is not for a worker
		// to publish there: after its last attempt the service does.
		slog.WarnContext(ctx, "malformed message", "lane", lane, "id", m.ID, "err", err)
		m.Nack()
		return
	case !wanted:
		m.Ack()
		return
	}
	d := queue.Delivery{Job: job, Lane: lane, ID: m.ID, Attempt: attempt(m), Sent: m.PublishTime}
	after, retry, ok := r.deliver(ctx, d)
	if ok && !retry {
		m.Ack()
		return
	}
	pause(ctx, after)
	if ctx.Err() != nil {
		// The client keeps its streams open until the last handler has returned, but reads
		// no more from them: for each message that is given back before, the service sends
		// another one, which then lies there until its lease lapses.
		r.gate.drain()
	}
	m.Nack()
}

// deliver waits for a slot and runs the handler in it, unless ctx or the time to wait ends
// before.
func (r *receiver) deliver(ctx context.Context, d queue.Delivery) (after time.Duration, retry, ok bool) {
	waiting, cancel := context.WithTimeout(ctx, r.opts.Lease)
	defer cancel()
	if !r.gate.enter(waiting, d.Lane) {
		return 0, false, false
	}
	defer r.gate.leave()
	ctx, cancel = context.WithTimeout(r.work, r.opts.Lease)
	defer cancel()
	after, retry = r.handle(ctx, d).Retry()
	return after, retry, true
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
