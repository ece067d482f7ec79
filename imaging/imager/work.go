package imager

import (
	"context"
	"errors"
	"fmt"

	"burnish/imaging"
)

// take waits for a child that is ready.
func (p *Pool) take(ctx context.Context) (*child, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		failed := p.trouble.next()
		select {
		case c := <-p.idle:
			if c.ready() {
				return c, nil
			}
			c.back <- Idle
		case <-failed:
			return nil, fmt.Errorf("%w: %w", ErrStart, p.trouble.last())
		case <-p.open.Done():
			return nil, ErrClosed
		case <-ctx.Done():
		}
	}
}

// work has the child work on one photo, until the deadline, the end of ctx or the end of the
// pool. The cause says whether and why the child must be replaced.
func (p *Pool) work(ctx context.Context, c *child, head []byte, q request) (imaging.Result, Cause, error) {
	until, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	clock := startCountdown(p.options.Deadline, func() { cancel(errDeadline) })
	defer clock.timer.Stop()
	defer context.AfterFunc(p.open, func() { cancel(ErrClosed) })()
	memory := admission{pool: p, child: c, until: until, clock: clock}
	defer memory.end()

	stop := context.AfterFunc(until, c.kill)
	res, err := c.exchange(head, q, memory.admit)
	stopped := stop()
	killed := !stopped || until.Err() != nil
	if stopped && killed { // while it waited for memory: nothing has killed the child yet
		c.kill()
	}

	var refused *refusal
	answered := err == nil || errors.As(err, &refused)
	switch {
	case killed && answered: // it was through in the same moment
		cause, _ := interruption(ctx, context.Cause(until), p.options)
		return res, cause, err
	case killed:
		cause, err := interruption(ctx, context.Cause(until), p.options)
		return imaging.Result{}, cause, err
	case answered:
		return res, p.wear(c), err
	default:
		cause, err := c.obituary(err)
		return imaging.Result{}, cause, err
	}
}

// wear says whether a child that has answered a photo should be replaced all the same.
func (p *Pool) wear(c *child) Cause {
	c.photos++
	o := p.options
	if o.MaxPhotos > 0 && c.photos >= o.MaxPhotos {
		return Age
	}
	if o.MaxRSS <= 0 {
		return none
	}
	space, resident := memory(c.pid)
	if resident > o.MaxRSS || o.AddressSpace > 0 && space-c.space > o.AddressSpace/2 {
		return Size
	}
	return none
}
