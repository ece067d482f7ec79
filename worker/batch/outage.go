package batch

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"time"

	"burnish/worker/store"
)

// outage waits out trouble that passes.
type outage struct {
	longest time.Duration // that it is waited for; 0 is not at all
	since   time.Time     // of the trouble; zero when there is none
	tries   int
}

// longestWait is between two tries.
const longestWait = 30 * time.Second

// over ends the trouble.
func (o *outage) over() { o.since, o.tries = time.Time{}, 0 }

// wait returns true when it is time for another try, and false when the trouble has lasted too
// long or ctx has ended. Waits double up to half a minute, and are random between half and whole.
func (o *outage) wait(ctx context.Context) bool {
	if o.since.IsZero() {
		o.since = time.Now()
	}
	if time.Since(o.since) >= o.longest {
		return false
	}
	ceiling := min(time.Second<<min(o.tries, 10), longestWait)
	o.tries++
	t := time.NewTimer(ceiling/2 + rand.N(ceiling/2))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// patient is a store whose listings, looks and reads wait out a store that does not answer or
// asks to slow down.
type patient struct {
	store.Store
	longest time.Duration
}

func passes(err error) bool {
	return errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrThrottled)
}

// List goes on after the last name when it has been interrupted.
func (p patient) List(ctx context.Context, r store.Range) iter.Seq2[store.Attrs, error] {
	return func(yield func(store.Attrs, error) bool) {
		o, last := outage{longest: p.longest}, ""
		for {
			var trouble error
			for a, err := range p.Store.List(ctx, r) {
				if trouble = err; err != nil {
					break
				}
				o.over()
				if a.Name == last {
					continue
				}
				if last = a.Name; !yield(a, nil) {
					return
				}
			}
			switch {
			case trouble == nil:
				return
			case !passes(trouble) || !o.wait(ctx):
				yield(store.Attrs{}, trouble)
				return
			}
			r.From = max(r.From, last)
		}
	}
}

// Stat implements store.Store.
func (p patient) Stat(ctx context.Context, name string) (a store.Attrs, err error) {
	o := outage{longest: p.longest}
	for {
		a, err = p.Store.Stat(ctx, name)
		if err == nil || !passes(err) || !o.wait(ctx) {
			return a, err
		}
	}
}

// Read implements store.Store.
func (p patient) Read(ctx context.Context, name string, opts store.ReadOptions) (data []byte, a store.Attrs, err error) {
	o := outage{longest: p.longest}
	for {
		data, a, err = p.Store.Read(ctx, name, opts)
		if err == nil || !passes(err) || !o.wait(ctx) {
			return data, a, err
		}
	}
}
