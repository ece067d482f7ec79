package batch_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"burnish/queue"
	"burnish/worker/batch"
	"burnish/worker/store"
)

// shaky is a store that breaks off its listings, and does not answer at all for a while.
type shaky struct {
	*memory
	every int       // names, after which a listing breaks off
	until time.Time // when it answers again
	with  error
}

func (s *shaky) List(ctx context.Context, r store.Range) iter.Seq2[store.Attrs, error] {
	return func(yield func(store.Attrs, error) bool) {
		n := 0
		for a, err := range s.memory.List(ctx, r) {
			if n++; n > s.every || time.Now().Before(s.until) {
				yield(store.Attrs{}, s.with)
				return
			}
			if !yield(a, err) {
				return
			}
		}
	}
}

func (s *shaky) Stat(ctx context.Context, name string) (store.Attrs, error) {
	if time.Now().Before(s.until) {
		return store.Attrs{}, s.with
	}
	return s.memory.Stat(ctx, name)
}

func TestOutage(t *testing.T) {
	cases := []struct {
		name string
		with error
		lies time.Duration // that it does not answer
		ends bool          // the walk does
	}{
		{"breaks off", store.ErrUnavailable, 0, false},
		{"asks to slow down", store.ErrThrottled, time.Minute, false},
		{"is away for a while", store.ErrUnavailable, 10 * time.Minute, false},
		{"is away for good", store.ErrUnavailable, 24 * time.Hour, true},
		{"refuses", store.ErrDenied, 0, true},
	}
	for _, c := range cases {
		for _, ranges := range []int{1, 4} {
			t.Run(fmt.Sprint(c.name, " ", ranges), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					src := &shaky{memory: newMemory(), every: 7, until: time.Now().Add(c.lies), with: c.with}
					dst := &shaky{memory: newMemory(), every: 5, until: src.until, with: c.with}
					for i := range 100 {
						key := fmt.Sprintf("%03d", i)
						src.put(store.Attrs{Name: key, Generation: 1})
						published(dst.memory, key, origin(1, current))
					}
					published(dst.memory, "gone", origin(1, current))
					n, opts := 0, batch.Options{Ranges: ranges, Outage: 15 * time.Minute}
					var last error
					for d, err := range batch.Reconcile(t.Context(), src, dst, current, opts) {
						if last = err; err == nil && (d.State == batch.Fresh || d.Key == "gone" && d.State == batch.Orphan) {
							n++
						}
					}
					if c.ends != (last != nil) || c.ends && !errors.Is(last, c.with) || !c.ends && n != 101 {
						t.Errorf("%d decisions, %v", n, last)
					}
				})
			})
		}
	}
}

// deaf is a publisher that takes nothing for a while.
type deaf struct {
	*fleet
	until time.Time
}

var errDeaf = errors.New("no answer")

func (d *deaf) Publish(ctx context.Context, lane queue.Lane, jobs ...queue.Job) error {
	if time.Now().Before(d.until) {
		return errDeaf
	}
	return d.fleet.Publish(ctx, lane, jobs...)
}

func TestDeafQueue(t *testing.T) {
	for _, c := range []struct {
		lies  time.Duration
		after bool // all is done in the end
	}{{10 * time.Minute, true}, {24 * time.Hour, false}} {
		synctest.Test(t, func(t *testing.T) {
			at := conduct(t, batch.Batch{}, 100, func(at *conducting) {
				at.Publisher = &deaf{at.fleet, time.Now().Add(c.lies)}
				at.Passes = func(err error) bool { return errors.Is(err, errDeaf) }
				at.Outage = 15 * time.Minute
			})
			err := at.end(t, time.Hour)
			if c.after && (err != nil || at.fleet.published(queue.Backfill) != 100) || !c.after && !errors.Is(err, errDeaf) {
				t.Errorf("away for %v: %v", c.lies, err)
			}
		})
	}
}
