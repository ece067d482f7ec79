// Package memory queues jobs in this process, with leases, redelivery and dead letters.
package memory

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"burnish/queue"
)

// Options says how a queue behaves. The zero value is ready to use.
type Options struct {
	// Slots is how many handlers of each lane each Receive runs at once; 0 means 1.
	Slots int

	// Capacity is how many jobs a lane holds that are not settled; 0 means 1000. Publish
	// blocks while they are as many.
	Capacity int

	// Lease is how long a handler may take; 0 means 10 minutes. After that its context ends,
	// the job is delivered again, and what the handler returns is ignored.
	Lease time.Duration

	// Attempts is how often a job is delivered before it becomes a dead letter; 0 means 5.
	Attempts int

	// DeadLetters is how many dead letters are kept, the newest; 0 means 1000.
	DeadLetters int

	// Hard, when it ends, stops Receive and ends the context of every handler, also while
	// Receive waits for them after a stop. Without it only the lease ends a handler's context.
	Hard context.Context
}

// Queue is a Publisher and a Subscriber. Its jobs are lost with the process.
//
// Within a lane, the job that has been due for longest comes first.
type Queue struct {
	opts Options

	mu       sync.Mutex
	changed  chan struct{} // closed, and replaced, whenever a waiter should look again
	lanes    []*lane       // as queue.Lanes
	lastID   uint64
	deadList []queue.Delivery
	dead     int
}

var (
	_ queue.Publisher  = (*Queue)(nil)
	_ queue.Subscriber = (*Queue)(nil)
)

// New returns an empty queue.
func New(opts Options) *Queue {
	defaults := func(n *int, or int) {
		if *n <= 0 {
			*n = or
		}
	}
	defaults(&opts.Slots, 1)
	defaults(&opts.Capacity, 1000)
	defaults(&opts.Attempts, 5)
	defaults(&opts.DeadLetters, 1000)
	if opts.Lease <= 0 {
		opts.Lease = 10 * time.Minute
	}
	q := &Queue{opts: opts, changed: make(chan struct{})}
	for _, name := range queue.Lanes {
		q.lanes = append(q.lanes, &lane{name: name})
	}
	return q
}

// Publish accepts jobs one by one, as the lane has room for them. When ctx ends meanwhile,
// those before stay accepted.
func (q *Queue) Publish(ctx context.Context, name queue.Lane, jobs ...queue.Job) error {
	l := q.lane(name)
	if l == nil {
		return fmt.Errorf("publish to %q: no such lane", name)
	}
	for n, job := range jobs {
		if err := q.publish(ctx, l, job); err != nil {
			return fmt.Errorf("publish to %s: %d of %d jobs: %w", name, n, len(jobs), err)
		}
	}
	return nil
}

// lane returns the lane of a name, or nil.
func (q *Queue) lane(name queue.Lane) *lane {
	for _, l := range q.lanes {
		if l.name == name {
			return l
		}
	}
	return nil
}

func (q *Queue) publish(ctx context.Context, l *lane, job queue.Job) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		q.mu.Lock()
		if l.held < q.opts.Capacity {
			q.lastID++
			l.held++
			l.push(&message{Delivery: queue.Delivery{
				Job:  job,
				Lane: l.name,
				ID:   strconv.FormatUint(q.lastID, 10),
				Sent: time.Now(),
			}, due: time.Now()})
			q.wake()
			q.mu.Unlock()
			return nil
		}
		changed := q.changed
		q.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// wake makes everybody who waits look again. The caller holds the lock.
func (q *Queue) wake() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// Settled blocks until every job that was accepted has been acked or become a dead letter,
// or until ctx ends.
func (q *Queue) Settled(ctx context.Context) error {
	for {
		q.mu.Lock()
		held := 0
		for _, l := range q.lanes {
			held += l.held
		}
		changed := q.changed
		q.mu.Unlock()
		if held == 0 {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Backlog returns how many jobs of a lane are not settled.
func (q *Queue) Backlog(name queue.Lane) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if l := q.lane(name); l != nil {
		return l.held
	}
	return 0
}

// DeadLetters returns the last attempt at each of the newest dead letters, oldest first, and
// how many there have been in all.
func (q *Queue) DeadLetters() (newest []queue.Delivery, all int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.deadList), q.dead
}

// bury makes a job a dead letter. The caller holds the lock.
func (q *Queue) bury(d queue.Delivery) {
	q.dead++
	if len(q.deadList) == q.opts.DeadLetters {
		q.deadList = slices.Delete(q.deadList, 0, 1)
	}
	q.deadList = append(q.deadList, d)
}
