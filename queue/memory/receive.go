package memory

import (
	"context"
	"sync"
	"time"

	"burnish/queue"
)

// Receive delivers jobs until ctx ends and then waits for the handlers. Jobs that no handler
// has been given stay in the queue, for another Receive. Several may run at once.
func (q *Queue) Receive(ctx context.Context, handle queue.Handler) error {
	handle = queue.Recover(handle)
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if q.opts.Hard != nil {
		defer context.AfterFunc(q.opts.Hard, func() { stop(); cancel() })()
	}
	var slots sync.WaitGroup
	for _, l := range q.lanes {
		for range q.opts.Slots {
			slots.Go(func() {
				for m := q.take(ctx, l); m != nil; m = q.take(ctx, l) {
					q.deliver(work, handle, m)
				}
			})
		}
	}
	slots.Wait()
	return nil
}

// take blocks until a job of the lane is due and leases it, or returns nil when ctx ends.
func (q *Queue) take(ctx context.Context, l *lane) *message {
	for ctx.Err() == nil {
		q.mu.Lock()
		if l.ready(time.Now()) {
			m := l.pop()
			m.Attempt++
			q.mu.Unlock()
			return m
		}
		due, ok := l.next()
		changed := q.changed
		q.mu.Unlock()
		wait(ctx, changed, due, ok)
	}
	return nil
}

// wait blocks until something changed, a job is due or ctx ends.
func wait(ctx context.Context, changed <-chan struct{}, due time.Time, ok bool) {
	var alarm <-chan time.Time
	if ok {
		t := time.NewTimer(time.Until(due))
		defer t.Stop()
		alarm = t.C
	}
	select {
	case <-changed:
	case <-alarm:
	case <-ctx.Done():
	}
}

// deliver runs the handler for as long as the lease lasts, and settles what is left to settle.
func (q *Queue) deliver(work context.Context, handle queue.Handler, m *message) {
	ctx, cancel := context.WithTimeout(work, q.opts.Lease)
	defer cancel()
	d := m.Delivery // a copy: m goes on without this handler when the lease ends
	var once sync.Once
	lapsed := time.AfterFunc(q.opts.Lease, func() {
		once.Do(func() { q.settle(m, d, queue.Retry(0)) })
	})
	defer lapsed.Stop()
	disposition := handle(ctx, d)
	once.Do(func() { q.settle(m, d, disposition) })
}

// settle does what the handler of a delivery wants, or what the end of its lease asks for.
func (q *Queue) settle(m *message, d queue.Delivery, disposition queue.Disposition) {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := q.lane(d.Lane)
	after, retry := disposition.Retry()
	switch {
	case retry && d.Attempt < q.opts.Attempts:
		m.due = time.Now().Add(max(0, after))
		l.push(m)
	case retry:
		q.bury(d)
		fallthrough
	default:
		l.held--
	}
	q.wake()
}
