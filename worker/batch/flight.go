package batch

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"burnish/queue"
)

// Bounds of a window that nobody has set, in jobs. The lower one keeps a few workers busy while
// outcomes are gathered into segments.
const (
	leastWindow = 2_000
	mostWindow  = 200_000
)

// measured is the time over which outcomes are counted to size the window: longer than a
// recorder gathers them. The window holds what comes in four times that.
const measured = 90 * time.Second

// flight is the jobs that are published and have no outcome yet: 16 bytes for each.
type flight struct {
	mu      sync.Mutex
	changed chan struct{} // closed, and replaced, when a waiter should look again
	jobs    map[[16]byte]struct{}
	window  int
	adapts  bool
	since   time.Time
	settled int // since then
	stirred time.Time
}

// newFlight returns a flight of at most window jobs; 0 sizes it by how fast outcomes come in.
func newFlight(window int) *flight {
	f := &flight{changed: make(chan struct{}), jobs: make(map[[16]byte]struct{}), window: window, since: time.Now()}
	if window == 0 {
		f.window, f.adapts = leastWindow, true
	}
	return f
}

func ident(key queue.Key) [16]byte {
	sum := sha256.Sum256([]byte(key))
	return [16]byte(sum[:16])
}

// add takes a job in, unless it is in flight already.
func (f *flight) add(key queue.Key) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := ident(key)
	if _, ok := f.jobs[id]; ok {
		return false
	}
	f.jobs[id] = struct{}{}
	f.stirred = time.Now()
	return true
}

// settle lets a job out, and reports false if it was not in flight: its outcome is a second one,
// or of a job that an earlier process has published.
func (f *flight) settle(key queue.Key) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := ident(key)
	if _, ok := f.jobs[id]; !ok {
		return false
	}
	delete(f.jobs, id)
	f.settled++
	now := time.Now()
	f.stirred = now
	if f.adapts && now.Sub(f.since) >= measured {
		f.window = min(max(4*f.settled, leastWindow), mostWindow)
		f.since, f.settled = now, 0
	}
	close(f.changed)
	f.changed = make(chan struct{})
	return true
}

// stir takes note that the flight is not silent, whether or not something is heard.
func (f *flight) stir() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stirred = time.Now()
}

// silence returns how many jobs are in flight, and since when none of them has come or gone.
func (f *flight) silence() (jobs int, silent time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.jobs), time.Since(f.stirred)
}

// room waits until the window has room, and returns for how many jobs.
func (f *flight) room(ctx context.Context) (int, error) {
	return f.wait(ctx, func() int { return f.window - len(f.jobs) })
}

// landed waits until no job is in flight.
func (f *flight) landed(ctx context.Context) error {
	_, err := f.wait(ctx, func() int { return 1 - len(f.jobs) })
	return err
}

// wait blocks until a number is positive.
func (f *flight) wait(ctx context.Context, number func() int) (int, error) {
	for {
		f.mu.Lock()
		n, changed := number(), f.changed
		f.mu.Unlock()
		if n > 0 {
			return n, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}
