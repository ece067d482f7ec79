package batch

import (
	"context"
	"fmt"
	"iter"
	"math"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"burnish/queue"
)

// group is how many jobs are published at once: enough to hide the answer time of a service.
const group = 256

// publish sends a job for each photo that needs one.
func (c *Conductor) publish(ctx context.Context, decisions iter.Seq2[Decision, error]) error {
	jobs := make(chan queue.Job, group)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(jobs)
		return c.choose(ctx, decisions, jobs)
	})
	g.Go(func() error {
		for job := range jobs {
			if err := c.send(ctx, job, jobs); err != nil {
				return err
			}
		}
		return nil
	})
	return g.Wait()
}

// choose makes a job of each photo that is missing or stale, up to the limit.
func (c *Conductor) choose(ctx context.Context, decisions iter.Seq2[Decision, error], jobs chan<- queue.Job) error {
	left := c.batch.Limit - c.batch.Totals.Published
	if c.batch.Limit == 0 {
		left = math.MaxInt64
	}
	for d, err := range decisions {
		switch {
		case err != nil:
			return fmt.Errorf("list: %w", err)
		case left <= 0:
			c.walked()
			return nil
		case d.State == Orphan, d.State == Absent:
			continue
		}
		wanted := d.State != Fresh || c.batch.Force
		c.see(wanted)
		if !wanted {
			continue
		}
		left--
		select {
		case jobs <- queue.Job{Key: d.Key, Generation: d.Generation, Batch: c.batch.ID, Recipe: c.Recipe}:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	c.walked()
	return nil
}

// walked takes note of how many jobs there are, now that all are found. What has ended under an
// earlier process is among them.
func (c *Conductor) walked() {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.batch.Totals
	c.wanted = before.Done + before.Skipped + before.Failed + c.totals.Seen - c.totals.Fresh
}

func (c *Conductor) see(wanted bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.totals.Seen++
	if !wanted {
		c.totals.Fresh++
	}
}

// send publishes a job, and others with it that are ready and for which there is room.
func (c *Conductor) send(ctx context.Context, first queue.Job, more <-chan queue.Job) error {
	room, err := c.ready(ctx)
	if err != nil {
		return err
	}
	some := make([]queue.Job, 0, min(room, group))
	some = c.board(some, first)
	for open := true; open && len(some) < cap(some); {
		select {
		case job, ok := <-more:
			if open = ok; ok {
				some = c.board(some, job)
			}
		default:
			open = false
		}
	}
	if err := c.pace.wait(ctx, len(some)); err != nil {
		return err
	}
	c.mu.Lock()
	lane := c.lane
	c.mu.Unlock()
	if err := c.patiently(ctx, lane, some); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.totals.Published += int64(len(some))
	return nil
}

// patiently publishes, and waits out what may pass.
func (c *Conductor) patiently(ctx context.Context, lane queue.Lane, some []queue.Job) error {
	o := outage{longest: c.Outage}
	for {
		err := c.Publisher.Publish(ctx, lane, some...)
		if err == nil || c.Passes == nil || !c.Passes(err) || !o.wait(ctx) {
			return err
		}
		c.Log.Warn("jobs are not published yet", "batch", c.batch.ID, "jobs", len(some), "error", err)
	}
}

// board takes a job into the flight before it is published: its outcome may be quick. A key that
// is in flight already, from a list that names it twice, is left out.
func (c *Conductor) board(some []queue.Job, job queue.Job) []queue.Job {
	if c.flight.add(job.Key) {
		some = append(some, job)
	}
	return some
}

// ready waits for the end of a pause and for room, and returns for how many jobs there is.
func (c *Conductor) ready(ctx context.Context) (int, error) {
	for {
		c.mu.Lock()
		resumed := c.resumed
		c.mu.Unlock()
		if resumed == nil {
			room, err := c.flight.room(ctx)
			if err != nil || !c.isPaused() {
				return room, err
			}
			continue
		}
		select {
		case <-resumed:
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}

func (c *Conductor) isPaused() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.resumed != nil
}

// ramp is the time in which a bucket lets its writes double.
//
// https://docs.cloud.google.com/storage/docs/request-rate
const ramp = 20 * time.Minute

// pace bounds how many jobs are published a second.
type pace struct {
	start   float64 // jobs a second; 0 for no bound
	began   time.Time
	limiter *rate.Limiter
}

func newPace(start float64) *pace {
	return &pace{start: start, began: time.Now(), limiter: rate.NewLimiter(rate.Limit(start), group)}
}

// wait returns when n jobs may be published, at most a group.
func (p *pace) wait(ctx context.Context, n int) error {
	if p.start == 0 {
		return nil
	}
	p.limiter.SetLimit(rate.Limit(p.start * math.Exp2(float64(time.Since(p.began))/float64(ramp))))
	return p.limiter.WaitN(ctx, n)
}
