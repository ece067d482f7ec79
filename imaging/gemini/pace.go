package gemini

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// pace keeps a process to its share of the quota, and all of it quiet while the service asks for
// that: one request that is throttled tells of the others.
type pace struct {
	limiter *rate.Limiter

	mu    sync.Mutex
	quiet time.Time // until then nothing is sent
}

// newPace takes requests a minute. A tenth of a minute's may go at once.
func newPace(perMinute float64) *pace {
	return &pace{limiter: rate.NewLimiter(rate.Limit(perMinute/60), max(1, int(perMinute/10)))}
}

// wait blocks until a request may be sent. Its error is that of the context, or that it would
// end first.
func (p *pace) wait(ctx context.Context) error {
	for {
		p.mu.Lock()
		left := time.Until(p.quiet)
		p.mu.Unlock()
		if left <= 0 {
			return p.limiter.Wait(ctx)
		}
		if !sleep(ctx, left) {
			return context.DeadlineExceeded
		}
	}
}

// pause keeps everything quiet for a time.
func (p *pace) pause(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := time.Now().Add(d); until.After(p.quiet) {
		p.quiet = until
	}
}

// The waits between attempts, where the service says nothing.
const (
	firstWait = time.Second
	lastWait  = 30 * time.Second
)

// wait is how long to wait after an attempt that failed, the first being 1: what the service asks
// for and up to half as much more, so that not all come back at once; else a random time up to a
// bound that doubles (full jitter: AWS Architecture Blog, "Exponential backoff and jitter").
func wait(attempt int, after time.Duration) time.Duration {
	if after > 0 {
		return after + rand.N(after/2+1)
	}
	bound := lastWait
	if attempt < 6 {
		bound = min(firstWait<<(attempt-1), lastWait)
	}
	return rand.N(bound)
}

// sleep reports whether it has slept for as long as it was to: it does not begin to where the
// context would end first.
func sleep(ctx context.Context, d time.Duration) bool {
	if end, ok := ctx.Deadline(); ok && time.Until(end) < d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
