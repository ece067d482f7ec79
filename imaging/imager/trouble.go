package imager

import "sync"

// givenUp is how many starts in a row must fail before a slot counts as down.
const givenUp = 3

// trouble knows whether any slot can start a child. When none can, each failed start is told
// to all who wait for a child: they get an error instead of waiting for ever, and no faster
// than starts are tried.
type trouble struct {
	mu     sync.Mutex
	down   map[int]bool  // slots
	failed chan struct{} // closed at the next failed start while all are down
	err    error         // the latest
}

// note says that a start failed again on a slot, which is one of so many.
func (t *trouble) note(slot, slots int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.down == nil {
		t.down = make(map[int]bool)
	}
	t.down[slot] = true
	t.err = err
	if len(t.down) == slots && t.failed != nil {
		close(t.failed)
		t.failed = nil
	}
}

// over says that a start succeeded on a slot.
func (t *trouble) over(slot int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.down, slot)
}

// next is closed at the next failed start while every slot is down.
func (t *trouble) next() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failed == nil {
		t.failed = make(chan struct{})
	}
	return t.failed
}

// everywhere returns the latest error if every one of so many slots is down.
func (t *trouble) everywhere(slots int) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.down) < slots {
		return nil
	}
	return t.err
}

func (t *trouble) last() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}
