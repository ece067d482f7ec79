package imager

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// in reports whether a grant is admitted.
func (g *grant) in() bool {
	select {
	case <-g.admitted:
		return true
	default:
		return false
	}
}

func TestBudget(t *testing.T) {
	b := &budget{total: 100}
	has := func(what string, want map[*grant]bool) {
		t.Helper()
		for g, in := range want {
			if g.in() != in {
				t.Errorf("%s: of %d bytes, number %d, admitted: %t", what, g.bytes, g.number, g.in())
			}
		}
	}
	first, second := b.ask(70), b.ask(60)
	has("the first leaves no room", map[*grant]bool{first: true, second: false})

	passes, stays := b.ask(20), b.ask(30)
	has("room for both the second and the first later one", map[*grant]bool{second: false, passes: true, stays: false})

	b.give(first)
	has("the second has waited for the first alone", map[*grant]bool{second: true, stays: false})

	b.give(passes)
	has("as much as is left", map[*grant]bool{stays: true})

	whole, small := b.ask(100), b.ask(1)
	has("nobody passes who takes all", map[*grant]bool{whole: false, small: false})
	b.give(second)
	has("nor when there is room", map[*grant]bool{whole: false, small: false})
	b.give(whole)
	has("but when it has gone", map[*grant]bool{small: true})
	b.give(stays)
	b.give(small)
	if b.used != 0 || len(b.running)+len(b.waiting) != 0 {
		t.Errorf("%d bytes left in use", b.used)
	}
}

// However photos come and go, they never have more than there is, nobody waits while there is
// room for everybody, and the first in the row is only passed by what fits besides it.
func TestBudgetHolds(t *testing.T) {
	const total = 1000
	b := &budget{total: total}
	rng := rand.New(rand.NewPCG(1, 2))
	var all []*grant
	for range 20000 {
		if len(all) < 12 && rng.IntN(2) == 0 {
			all = append(all, b.ask(1+rng.Int64N(total)))
		} else if len(all) > 0 {
			i := rng.IntN(len(all))
			b.give(all[i])
			all = append(all[:i], all[i+1:]...)
		}
		sum, waits := int64(0), false
		for _, g := range all {
			if g.in() {
				sum += g.bytes
			}
			waits = waits || !g.in()
		}
		if sum > total || sum != b.used {
			t.Fatalf("%d of %d bytes in use, counted as %d", sum, total, b.used)
		}
		if waits && sum+b.waiting[0].bytes <= total {
			t.Fatalf("the first of %d bytes waits, and %d of %d are in use", b.waiting[0].bytes, sum, total)
		}
	}
}

// A large photo gets its turn however many small ones come along.
func TestNobodyStarves(t *testing.T) {
	b := &budget{total: 100}
	running := []*grant{b.ask(30), b.ask(30), b.ask(30)}
	large := b.ask(90)
	for i := range 3 {
		b.ask(30)
		b.give(running[i])
	}
	if !large.in() {
		t.Error("it waits for photos that came after it")
	}
}

func TestCountdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over := make(chan struct{})
		start := time.Now()
		c := startCountdown(10*time.Second, func() { close(over) })
		time.Sleep(4 * time.Second)
		c.pause()
		time.Sleep(time.Hour)
		c.resume()
		<-over
		if took := time.Since(start); took != time.Hour+10*time.Second {
			t.Errorf("it was over after %v", took)
		}
	})
}
