package batch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"burnish/worker/store"
)

// leaseName is the object that the one backfill of a destination holds.
const leaseName = "burnish/backfill.lease"

// A lease is renewed every third of its term. Whoever finds one that has not been renewed for a
// term by its own clock takes it over: so clocks need not agree.
const (
	leaseTerm  = time.Minute
	leaseRenew = leaseTerm / 3
)

// ErrHeld reports that somebody else holds the lease of a destination; ErrLost that it was taken
// over because it could not be renewed in time.
var (
	ErrHeld = errors.New("another backfill into this destination is at work")
	ErrLost = errors.New("the lease of the destination was lost to another backfill")
)

// Lease keeps two backfills from working on one destination at once. It is an object in the
// store, written on condition of what was there.
type Lease struct {
	st         store.Store
	body       []byte
	generation int64
	release    context.CancelFunc
	renewing   sync.WaitGroup
}

// holding is what the object says.
type holding struct {
	Holder string    `json:"holder"` // for people: who to ask
	Since  time.Time `json:"since"`
}

// Acquire takes the lease of a destination for a holder, such as ann@studio. While another one
// may have died with it in hand, it waits, for a minute at most, and calls wait with that one's
// name first; ErrHeld means that the other is alive.
//
// The context that it returns ends with the parent's, and with ErrLost as its cause when the
// lease was lost. Close must be called.
func Acquire(ctx context.Context, st store.Store, holder string, wait func(holder string)) (*Lease, context.Context, error) {
	body, err := json.Marshal(holding{Holder: holder, Since: time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		return nil, nil, err
	}
	l := &Lease{st: st, body: body}
	if err := l.take(ctx, wait); err != nil {
		return nil, nil, err
	}
	held, lost := context.WithCancelCause(ctx)
	renewing, release := context.WithCancel(context.WithoutCancel(ctx))
	l.release = release
	l.renewing.Go(func() { l.renew(renewing, lost) })
	return l, held, nil
}

// take writes the object where there is none, or where the one there has gone stale.
func (l *Lease) take(ctx context.Context, wait func(holder string)) error {
	var watched int64 // generation that may be stale
	for {
		err := l.write(ctx, store.Condition(watched))
		if !errors.Is(err, store.ErrCondition) {
			return err
		}
		data, a, err := l.st.Read(ctx, leaseName, store.ReadOptions{Limit: maxRecord})
		if errors.Is(err, store.ErrNotExist) {
			watched = 0
			continue
		}
		if err != nil {
			return fmt.Errorf("read %s of %s: %w", leaseName, l.st, err)
		}
		var h holding
		_ = json.Unmarshal(data, &h) // of an object that says nothing, nobody is the holder
		if watched != 0 {
			return fmt.Errorf("%w: %s holds %s of %s since %s; wait for it to end, or pause or cancel its batch",
				ErrHeld, h.Holder, leaseName, l.st, h.Since.Format(time.RFC3339))
		}
		wait(h.Holder)
		watched = a.Generation
		if !l.stays(ctx, watched) && ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

// stays watches the object for a term, and reports whether it was neither renewed nor released.
func (l *Lease) stays(ctx context.Context, generation int64) bool {
	for range 2 * leaseTerm / leaseRenew {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(leaseRenew / 2):
		}
		a, err := l.st.Stat(ctx, leaseName)
		if err == nil && a.Generation != generation || errors.Is(err, store.ErrNotExist) {
			return false
		}
	}
	return true
}

// Held reports whether somebody seems to hold the lease of a destination: it was renewed lately, by
// the clocks of the store and of this machine, which may differ by two minutes.
func Held(ctx context.Context, st store.Store) (bool, error) {
	a, err := st.Stat(ctx, leaseName)
	switch {
	case errors.Is(err, store.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look at %s of %s: %w", leaseName, st, err)
	}
	return time.Since(a.Updated) < 3*leaseTerm, nil
}

func (l *Lease) write(ctx context.Context, cond store.Condition) error {
	a, err := l.st.Write(ctx, leaseName, l.body, store.WriteOptions{If: cond, ContentType: "application/json"})
	if err != nil {
		return fmt.Errorf("write %s to %s: %w", leaseName, l.st, err)
	}
	l.generation = a.Generation
	return nil
}

// renew writes the object anew until it is released or lost.
func (l *Lease) renew(ctx context.Context, lost context.CancelCauseFunc) {
	renewed := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(leaseRenew):
		}
		attempt, cancel := context.WithTimeout(ctx, leaseRenew)
		err := l.write(attempt, store.Condition(l.generation))
		cancel()
		switch {
		case err == nil:
			renewed = time.Now()
		case ctx.Err() != nil:
			return
		case errors.Is(err, store.ErrCondition), time.Since(renewed) > leaseTerm:
			lost(fmt.Errorf("%w: %w", ErrLost, err))
			return
		}
	}
}

// Close gives the lease back. When that fails, it goes stale.
func (l *Lease) Close() error {
	l.release()
	l.renewing.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return l.st.Delete(ctx, leaseName, store.Condition(l.generation))
}
