// Package cloud stands between Burnish and its services, and lets them fail as real ones do.
//
// Storage and PubSub pass requests on and meet some of them with a fault. Which is drawn from
// the run's seed; which request meets it depends on the order in which processes ask.
package cloud

import (
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"
)

// Dice draws from a seed. Each part of a run has dice of its own, by name, so that what one of
// them draws does not depend on the others. Its methods may be called from many goroutines.
type Dice struct {
	mu   sync.Mutex
	wild bool
	rand *rand.Rand
}

// NewDice returns the dice of a part of the run with the given seed.
func NewDice(seed uint64, part string) *Dice {
	h := fnv.New64a()
	_, _ = h.Write([]byte(part))
	return &Dice{rand: rand.New(rand.NewPCG(seed, h.Sum64()))}
}

// Begin lets faults happen. Before, draw returns none.
func (d *Dice) Begin() { d.set(true) }

// End ends all faults.
func (d *Dice) End() { d.set(false) }

func (d *Dice) set(wild bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wild = wild
}

// draw returns one of the faults, or 0 for none. chances are in thousandths, in the order of the
// faults from 1 on.
func (d *Dice) draw(chances []int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.wild {
		return 0
	}
	n := d.rand.IntN(1000)
	for i, c := range chances {
		if n < c {
			return i + 1
		}
		n -= c
	}
	return 0
}

// UpTo returns a time from 0 to less than the longest.
func (d *Dice) UpTo(longest time.Duration) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Duration(d.rand.Int64N(int64(longest)))
}

// Life returns a time that is exponentially distributed around the mean, as the time to the next
// of many independent accidents is; at most five times the mean.
func (d *Dice) Life(mean time.Duration) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Duration(min(d.rand.ExpFloat64(), 5) * float64(mean))
}

// N returns a number from 0 to n-1.
func (d *Dice) N(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rand.IntN(n)
}
