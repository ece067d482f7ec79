package queue

import (
	"context"
	"slices"
	"sync"
)

// Gate lets as many in at once as it has places, and decides by lane who is next: the most
// urgent, except that a lane which has been passed over 8 times in a row has its turn. It
// stands before what is scarce, which is the CPU and not the network: so a photo of an urgent
// lane passes those of other lanes that have been fetched already.
type Gate struct {
	mu      sync.Mutex
	free    int
	turns   turns
	waiting map[Lane][]chan struct{} // each closed when its owner may enter
}

// NewGate returns a gate with the given number of places, all free.
func NewGate(places int) *Gate {
	return &Gate{free: places, waiting: make(map[Lane][]chan struct{})}
}

// Enter waits for a place, which Leave gives back. When ctx ends first it returns ctx's error
// and holds none.
func (g *Gate) Enter(ctx context.Context, lane Lane) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	turn := make(chan struct{})
	g.mu.Lock()
	g.waiting[lane] = append(g.waiting[lane], turn)
	g.admit()
	g.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.waiting[lane], turn); i >= 0 {
		g.waiting[lane] = slices.Delete(g.waiting[lane], i, i+1)
		return ctx.Err()
	}
	g.release() // it was this one's turn in the same moment
	return ctx.Err()
}

// Leave gives a place back.
func (g *Gate) Leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.release()
}

// release frees a place. The caller holds the lock.
func (g *Gate) release() {
	g.free++
	g.admit()
}

// admit lets in as many as there is room for. The caller holds the lock.
func (g *Gate) admit() {
	for g.free > 0 {
		lane := g.turns.next(func(l Lane) bool { return len(g.waiting[l]) > 0 })
		if lane == "" {
			return
		}
		close(g.waiting[lane][0])
		g.waiting[lane] = g.waiting[lane][1:]
		g.free--
	}
}
