package gemini

import (
	"errors"
	"log/slog"
	"sync"
	"time"
)

// breaker stops all edits where the trouble concerns each of them: a wrong key, a model that is
// gone, a day's quota that is used up. It says so once. After a while it lets one request through:
// if that is answered, edits go on.
type breaker struct {
	log *slog.Logger

	mu    sync.Mutex
	cause *Error        // nil while closed
	probe time.Time     // when the next request may try
	pause time.Duration // until the one after it
	busy  bool          // a request is trying now
}

// The waits between tries. A key is not mended in a minute, nor is a quota; nothing is billed.
const (
	firstProbe = time.Minute
	lastProbe  = 15 * time.Minute
)

func newBreaker(log *slog.Logger) *breaker { return &breaker{log: log} }

// enter lets a request through, or returns why not. done takes what became of it.
func (b *breaker) enter() (done func(error), err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cause == nil {
		return b.settle, nil
	}
	if left := time.Until(b.probe); left > 0 || b.busy {
		e := *b.cause
		e.After = max(left, time.Second)
		return nil, &e
	}
	b.busy = true
	return func(err error) {
		b.mu.Lock()
		b.busy = false
		b.mu.Unlock()
		b.settle(err)
	}, nil
}

// settle opens or closes the breaker by what became of a request. Trouble that passes shows
// nothing of the kind that opened it.
func (b *breaker) settle(err error) {
	e := (*Error)(nil)
	errors.As(err, &e)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case e != nil && e.Reason.shared():
		if b.cause == nil {
			b.pause = firstProbe
			b.log.Error("edits are stopped; photos go on without them", "reason", e.Reason, "error", e)
		} else if !time.Now().Before(b.probe) {
			b.pause = min(2*b.pause, lastProbe)
		}
		b.cause = &Error{Reason: e.Reason, Detail: e.Detail}
		b.probe = time.Now().Add(max(b.pause, min(e.After, lastProbe)))
	case b.cause != nil && (e == nil || e.Reason.final()):
		b.log.Info("edits go on", "after", b.cause.Reason)
		b.cause = nil
	}
}
