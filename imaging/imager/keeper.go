package imager

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"runtime"
	"time"
)

// keepFirst is keep for slot 0, whose first child tells the pool's build. It sends one error,
// nil when that child is ready; after any other it is done.
func (p *Pool) keepFirst(ready chan<- error) {
	runtime.LockOSThread()
	c, err := spawn(p.open, p.options)
	if err != nil {
		ready <- fmt.Errorf("%w: %s: %w", ErrStart, p.options.Path, err)
		return
	}
	p.build = c.build
	p.count(func(s *Stats) { s.Starts++ })
	ready <- nil
	p.keep(0, c)
}

// keep has a slot staffed until the pool is closed, at first by c unless it is nil. It stays
// on one thread, which is its own and ends with it: Linux ends a child with the thread that
// started it.
func (p *Pool) keep(slot int, c *child) {
	runtime.LockOSThread()
	for failures := 0; c != nil || p.open.Err() == nil; c = nil {
		died, err := p.staff(slot, c)
		switch {
		case err != nil:
			failures++
			p.failed(slot, failures, err)
			p.pause(failures)
		case died:
			if failures++; failures >= givenUp {
				p.pause(failures - givenUp + 1)
			}
		default:
			failures = 0
		}
	}
}

// staff runs one child, c or else a new one, until it has to be replaced. It tells whether it
// died on its first photo: many in a row point at the machine rather than at the photos. The
// error is that of a child that never came to work on one.
func (p *Pool) staff(slot int, c *child) (died bool, err error) {
	if c == nil {
		if c, err = p.start(); err != nil {
			return false, err
		}
	}
	p.trouble.over(slot)
	cause := p.tend(c)
	if cause == Idle && c.photos == 0 {
		return false, fmt.Errorf("%s: it ended before its first photo: %s", p.options.Path, c.cmd.ProcessState)
	}
	return cause == Crash && c.photos == 0, nil
}

// start starts a child that is of the pool's build.
func (p *Pool) start() (*child, error) {
	select {
	case p.starts <- struct{}{}:
		defer func() { <-p.starts }()
	case <-p.open.Done():
		return nil, ErrClosed
	}
	c, err := spawn(p.open, p.options)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.options.Path, err)
	}
	if !reflect.DeepEqual(c.build, p.build) {
		c.retire()
		return nil, fmt.Errorf("%s: it is another build than at the start; start burnish again", p.options.Path)
	}
	p.count(func(s *Stats) { s.Starts++ })
	return c, nil
}

// tend offers the child to photos until it has to be replaced, ends it and says why; none
// when the pool was closed.
func (p *Pool) tend(c *child) Cause {
	cause := p.offer(c)
	c.retire()
	if p.open.Err() != nil {
		return none
	}
	p.count(func(s *Stats) { s.Restarts[cause]++ })
	p.report(c, cause)
	return cause
}

func (p *Pool) offer(c *child) Cause {
	for {
		select {
		case p.idle <- c:
			if cause := <-c.back; cause != none {
				return cause
			}
		case <-c.dead:
			return Idle
		case <-p.open.Done():
			return none
		}
	}
}

func (p *Pool) report(c *child, cause Cause) {
	level := slog.LevelWarn
	if cause == Age || cause == Size || cause == Cancel {
		level = slog.LevelDebug
	}
	p.options.Log.Log(context.Background(), level, "imager replaced", "cause", cause, "pid", c.pid,
		"photos", c.photos, "state", c.cmd.ProcessState.String(), "stderr", last(c.stderr.lines()))
}

func (p *Pool) count(change func(*Stats)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.stats)
}

// failed makes a failed start known.
func (p *Pool) failed(slot, failures int, err error) {
	if p.open.Err() != nil {
		return
	}
	p.options.Log.Warn("imager does not start", "error", err, "failures", failures)
	if failures >= givenUp {
		p.trouble.note(slot, p.options.Slots, err)
	}
}

// pause waits after a failure, twice as long after each further one, from 0.1 s up to 5 s.
func (p *Pool) pause(failures int) {
	select {
	case <-time.After(min(100*time.Millisecond<<min(failures-1, 10), 5*time.Second)):
	case <-p.open.Done():
	}
}
