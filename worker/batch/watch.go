package batch

import (
	"context"
	"sync"
	"time"

	"burnish/worker/store"
)

// Watch tells workers whether the batch of a job was cancelled. It reads a record when it has not
// done so for a while, so that a job costs nothing. The zero value is not ready to use.
type Watch struct {
	st store.Store

	mu      sync.Mutex
	batches map[string]*sighting
}

// sighting is what is known of one batch. Its lock is held during a look: whoever asks about a
// batch that nobody has looked at has to wait for what is found.
type sighting struct {
	mu        sync.Mutex
	at        time.Time // of the last look
	cancelled bool
}

// Bounds of what is remembered: for how long, and of how many batches.
const (
	watchFor  = 10 * time.Second
	watchMany = 100
)

// NewWatch returns a watch of the batches of a destination.
func NewWatch(st store.Store) *Watch {
	return &Watch{st: st, batches: make(map[string]*sighting)}
}

// Cancelled reports whether a batch is known to be cancelled, as of the last seconds. Where the
// record cannot be read, or there is none, it is not.
func (w *Watch) Cancelled(ctx context.Context, id string) bool {
	s := w.sighting(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.at) <= watchFor {
		return s.cancelled
	}
	if b, err := Load(ctx, w.st, id); err == nil {
		s.cancelled = b.State == Cancelled
	}
	s.at = time.Now()
	return s.cancelled
}

func (w *Watch) sighting(id string) *sighting {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, ok := w.batches[id]
	if !ok {
		if len(w.batches) >= watchMany {
			clear(w.batches)
		}
		s = new(sighting)
		w.batches[id] = s
	}
	return s
}
