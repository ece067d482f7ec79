package imager

import (
	"context"
	"errors"
	"time"
)

// errGone says that a child died while its photo waited for memory.
var errGone = errors.New("the imager ended while it waited for memory")

// admission has one photo wait for memory before its pixels are decoded. The wait does not
// count as time of the photo's child.
type admission struct {
	pool  *Pool
	child *child
	until context.Context // ends when nobody waits for the photo any more
	clock *countdown

	need  int64 // admitted, in bytes
	grant *grant
}

// admit blocks until the photo may take so much memory, in bytes, instead of what it was
// admitted with before.
func (a *admission) admit(need int64) error {
	a.end()
	if extra := need - Share; a.pool.budget != nil && extra > 0 {
		if err := a.wait(extra); err != nil {
			return err
		}
	}
	a.need = need
	a.pool.count(func(s *Stats) { s.Admitted += need })
	return nil
}

func (a *admission) wait(extra int64) error {
	a.clock.pause()
	defer a.clock.resume()
	a.pool.count(func(s *Stats) { s.Waiting++ })
	defer a.pool.count(func(s *Stats) { s.Waiting-- })
	a.grant = a.pool.budget.ask(extra)
	select {
	case <-a.grant.admitted:
		// What made room may be the end of all: nil unless it was.
		return context.Cause(a.until)
	case <-a.until.Done():
		return context.Cause(a.until)
	case <-a.child.dead:
		return errGone
	}
}

// end gives back what was admitted.
func (a *admission) end() {
	if a.grant != nil {
		a.pool.budget.give(a.grant)
		a.grant = nil
	}
	a.pool.count(func(s *Stats) { s.Admitted -= a.need })
	a.need = 0
}

// countdown calls a function when a time is over in which it was not paused.
type countdown struct {
	timer *time.Timer
	left  time.Duration
	since time.Time
}

func startCountdown(d time.Duration, over func()) *countdown {
	return &countdown{timer: time.AfterFunc(d, over), left: d, since: time.Now()}
}

func (c *countdown) pause() {
	c.timer.Stop()
	c.left -= time.Since(c.since)
}

func (c *countdown) resume() {
	c.since = time.Now()
	c.timer.Reset(c.left)
}
