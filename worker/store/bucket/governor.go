package bucket

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/api/googleapi"

	"burnish/worker/store"
)

// A bucket takes about 1,000 writes a second at first and scales when they grow; it wants them
// to double in no less than 20 minutes, and the rate to be brought down when it answers 429 or
// 503. Of reads it takes 5,000: a photo has two or three for a dozen writes, so that reads
// never are what is too much, and they are not governed.
//
// https://docs.cloud.google.com/storage/docs/request-rate
const (
	startRate = 100  // a second; ten processes that do not know of each other make 1,000
	topRate   = 1000 // a second
	doubling  = 20 * time.Minute
)

// calm is how long after a halving further complaints count for nothing: they answer what was
// sent before it.
const calm = time.Second

// governor bounds the rate at which this process writes to one bucket. It grows while writes
// wait for it, so that its doubling is one of the writes themselves; a process that had little
// to write starts its ramp when it has much. It halves when the service complains.
type governor struct {
	limiter *rate.Limiter
	top     float64 // writes a second

	mu     sync.Mutex
	waited time.Time // when a write last had to wait
	halved time.Time
}

// newGovernor starts at a rate, in writes a second, and ends at another.
func newGovernor(start, top float64) *governor {
	burst := max(1, int(start/10)) // of a tenth of a second: the variants of a photo come at once
	return &governor{limiter: rate.NewLimiter(rate.Limit(start), burst), top: max(start, top)}
}

// wait returns when the next write may be sent. It returns ctx's error when ctx ends, or
// store.ErrThrottled at once when ctx is to end before the write's turn.
func (g *governor) wait(ctx context.Context) error {
	if g.limiter.Tokens() < 1 {
		g.grow(time.Now())
	}
	err := g.limiter.Wait(ctx)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return fmt.Errorf("%w: of %.3g writes a second none is left in time", store.ErrThrottled, g.limiter.Limit())
}

// grow counts the time since the last write that had to wait, but of a pause only a second.
func (g *governor) grow(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	busy := min(now.Sub(g.waited), time.Second)
	g.waited = now
	g.set(float64(g.limiter.Limit()) * math.Exp2(float64(busy)/float64(doubling)))
}

// learn takes note of how a write ended.
func (g *governor) learn(err error) {
	var api *googleapi.Error
	if !errors.As(err, &api) || api.Code != http.StatusTooManyRequests && api.Code != http.StatusServiceUnavailable && !limited(api) {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if now := time.Now(); now.Sub(g.halved) >= calm {
		g.halved = now
		g.set(float64(g.limiter.Limit()) / 2)
	}
}

// set keeps the rate between one write in ten seconds and the top. The caller holds the lock.
func (g *governor) set(perSecond float64) {
	g.limiter.SetLimit(rate.Limit(min(max(perSecond, 0.1), g.top)))
}
