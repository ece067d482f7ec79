package imager

import (
	"slices"
	"sync"
)

// Share is the memory that every slot has to itself, in bytes: enough for a child at rest, which
// keeps up to 150 MiB of what it had for photos, and for most photos. Those never wait.
const Share = 256 << 20

// budget is the memory beyond the slots' shares. Photos that need some of it are admitted in
// the order in which they ask, but for this: where the first in the row does not fit yet, a
// later one may pass it if there is room for both. So the first waits for none but those that
// were admitted when it became the first, and the others wait for no room that they do not take.
type budget struct {
	mu      sync.Mutex
	total   int64
	used    int64
	asked   int64    // grants so far
	running []*grant // admitted
	waiting []*grant // in the order in which they asked
}

// grant is one photo's part of a budget, which it has once admitted is closed.
type grant struct {
	bytes    int64
	number   int64
	admitted chan struct{}
}

// ask asks for so many bytes, at most the total. Whatever comes of it, give must follow.
func (b *budget) ask(bytes int64) *grant {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	g := &grant{bytes: bytes, number: b.asked, admitted: make(chan struct{})}
	b.waiting = append(b.waiting, g)
	b.admit()
	return g
}

// give gives back what was asked for, whether it was admitted or not.
func (b *budget) give(g *grant) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.running, g); i >= 0 {
		b.running = slices.Delete(b.running, i, i+1)
		b.used -= g.bytes
	}
	if i := slices.Index(b.waiting, g); i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
	}
	b.admit()
}

// admit lets in whoever may.
func (b *budget) admit() {
	for i := 0; i < len(b.waiting); {
		g := b.waiting[i]
		if b.used+g.bytes > b.total || i > 0 && !b.besides(g) {
			i++
			continue
		}
		b.waiting = slices.Delete(b.waiting, i, i+1)
		b.running = append(b.running, g)
		b.used += g.bytes
		close(g.admitted)
	}
}

// besides reports whether a photo leaves room for the first in the row once those that asked
// before it are through.
func (b *budget) besides(g *grant) bool {
	first := b.waiting[0]
	room := b.total - first.bytes - g.bytes
	for _, r := range b.running {
		if r.number > first.number {
			room -= r.bytes
		}
	}
	return room >= 0
}
