package pubsub

import (
	"context"
	"slices"
	"sync"

	"burnish/queue"
)

// gate lets as many in at once as there are slots, and decides by lane who is next.
type gate struct {
	mu      sync.Mutex
	slots   int
	free    int
	turns   queue.Turns
	waiting map[queue.Lane][]chan struct{} // each closed when its owner may enter
	empty   *sync.Cond
}

func newGate(slots int) *gate {
	g := &gate{slots: slots, free: slots, waiting: make(map[queue.Lane][]chan struct{})}
	g.empty = sync.NewCond(&g.mu)
	return g
}

// enter waits for a slot. It returns false, and holds none, if ctx ends first.
func (g *gate) enter(ctx context.Context, lane queue.Lane) bool {
	if ctx.Err() != nil {
		return false
	}
	turn := make(chan struct{})
	g.mu.Lock()
	g.waiting[lane] = append(g.waiting[lane], turn)
	g.admit()
	g.mu.Unlock()
	select {
	case <-turn:
		return true
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.waiting[lane], turn); i >= 0 {
		g.waiting[lane] = slices.Delete(g.waiting[lane], i, i+1)
		return false
	}
	g.release() // it was this one's turn in the same moment
	return false
}

// leave gives a slot back.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.release()
}

// drain waits until nobody holds a slot. It is for when nobody new may enter.
func (g *gate) drain() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.free < g.slots {
		g.empty.Wait()
	}
}

// release frees a slot. The caller holds the lock.
func (g *gate) release() {
	g.free++
	g.admit()
	if g.free == g.slots {
		g.empty.Broadcast()
	}
}

// admit lets in as many as there is room for. The caller holds the lock.
func (g *gate) admit() {
	for g.free > 0 {
		lane := g.turns.Next(func(l queue.Lane) bool { return len(g.waiting[l]) > 0 })
		if lane == "" {
			return
		}
		close(g.waiting[lane][0])
		g.waiting[lane] = g.waiting[lane][1:]
		g.free--
	}
}
