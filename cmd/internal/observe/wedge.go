package observe

import (
	"fmt"
	"sync"
	"time"
)

// inHand knows since when each delivery has been worked on. The zero value is ready to use.
type inHand struct {
	mu    sync.Mutex
	next  int
	since map[int]time.Time
}

func (h *inHand) begin() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.since == nil {
		h.since = make(map[int]time.Time)
	}
	h.next++
	h.since[h.next] = time.Now()
	return h.next
}

func (h *inHand) end(id int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.since, id)
}

// Stuck returns an error if at least so many deliveries are in hand and all of them have been
// for longer than limit: more than any may take. Then nothing moves any more.
func (w *Worker) Stuck(slots int, limit time.Duration) error {
	w.inHand.mu.Lock()
	defer w.inHand.mu.Unlock()
	if len(w.inHand.since) < slots {
		return nil
	}
	var latest time.Time
	for _, t := range w.inHand.since {
		if t.After(latest) {
			latest = t
		}
	}
	if age := time.Since(latest); age > limit {
		return fmt.Errorf("all %d photos in hand have been for %v and more, over %v", len(w.inHand.since), age.Round(time.Second), limit)
	}
	return nil
}
