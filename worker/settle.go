package worker

import (
	"errors"
	"math/rand/v2"
	"time"

	"burnish/imaging"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

// Reasons to skip a photo, as facts.
var (
	errFresh      = errors.New("published already")
	errSuperseded = errors.New("a newer generation of the photo exists")
	errCancelled  = errors.New("its batch was cancelled")
	errNotAPhoto  = errors.New("neither name nor content is that of a photo")
)

// errMalformed reports a job that no try at it can do.
var errMalformed = errors.New("not a job")

// end says what becomes of a delivery.
type end int

const (
	record end = iota // an outcome, then ack
	again             // another delivery
	halt              // the worker stops, the job goes back
)

// patience says how a kind of trouble is met.
type patience int

const (
	fact    patience = iota // about the photo: recorded at once
	once                    // tried once more, then recorded
	passing                 // retried with backoff until the attempts run out, then recorded
	shared                  // the same, but not about the photo: see Config.Outage
	stop                    // not about the photo, and the next one would meet it too
)

// rules is read from the top; the first fact that the error wraps decides. An error that wraps
// none is meant to be impossible, so it is treated as passing and recorded as internal.
var rules = []struct {
	fact     error
	status   ledger.Status
	reason   imaging.Reason
	patience patience
}{
	{errFresh, ledger.Skipped, imaging.Fresh, fact},
	{errSuperseded, ledger.Skipped, imaging.Superseded, fact},
	{errCancelled, ledger.Skipped, imaging.Cancelled, fact},
	{errNotAPhoto, ledger.Skipped, imaging.NotAPhoto, fact},
	{store.ErrLink, ledger.Skipped, imaging.Link, fact},

	{errMalformed, ledger.Failed, imaging.Malformed, fact},
	{errRecipe, ledger.Failed, imaging.NoRecipe, fact},
	{errDestination, ledger.Failed, imaging.Unavailable, stop},
	{imaging.ErrEngine, ledger.Failed, imaging.Unavailable, stop},

	{imaging.ErrTruncated, ledger.Failed, imaging.Truncated, fact},
	{imaging.ErrCorrupt, ledger.Failed, imaging.Corrupt, fact},
	{imaging.ErrUnsupported, ledger.Failed, imaging.Unsupported, fact},
	{imaging.ErrTooLarge, ledger.Failed, imaging.TooLarge, fact},
	{store.ErrTooLarge, ledger.Failed, imaging.TooLarge, fact},
	{store.ErrNotExist, ledger.Failed, imaging.NotFound, fact},
	{store.ErrName, ledger.Failed, imaging.Unsupported, fact},

	{imaging.ErrCrashed, ledger.Failed, imaging.Crashed, once},
	{imaging.ErrTimeout, ledger.Failed, imaging.Timeout, once},

	{store.ErrThrottled, ledger.Failed, imaging.Throttled, shared},
	{store.ErrUnavailable, ledger.Failed, imaging.Unavailable, shared},
	{store.ErrCondition, ledger.Failed, imaging.Unavailable, passing},
	{store.ErrDenied, ledger.Failed, imaging.Unavailable, once},
}

// verdict is what settle decides.
type verdict struct {
	end    end
	shared bool // the trouble is not the photo's own
	status ledger.Status
	reason imaging.Reason
}

// settle decides what becomes of the given try, the first being 1, out of at most attempts.
func settle(err error, try, attempts int) verdict {
	if err == nil {
		return verdict{end: record, status: ledger.Done}
	}
	v, patience := verdict{status: ledger.Failed, reason: imaging.Internal}, passing
	for _, r := range rules {
		if errors.Is(err, r.fact) {
			v.status, v.reason, patience = r.status, r.reason, r.patience
			break
		}
	}
	switch {
	case patience == stop:
		v.end = halt
	case patience == once && try < min(2, attempts), patience >= passing && try < attempts:
		v.end, v.shared = again, patience == shared
	}
	return v
}

// backoff is the wait after the given try: full jitter over a doubling ceiling, 0.2 s at
// first and 30 s at most (Brooker, "Exponential Backoff And Jitter", 2015).
func backoff(try int) time.Duration {
	ceiling := min(200*time.Millisecond<<min(try-1, 10), 30*time.Second)
	return rand.N(ceiling)
}
