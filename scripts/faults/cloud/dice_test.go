package cloud

import (
	"testing"
	"time"
)

func TestDice(t *testing.T) {
	draw := func(seed uint64, part string) (drawn [200]int) {
		d := NewDice(seed, part)
		d.Begin()
		for i := range drawn {
			drawn[i] = d.draw([]int{100, 0, 300})
		}
		return drawn
	}
	one := draw(1, "storage")
	if one != draw(1, "storage") {
		t.Error("a seed draws differently the second time")
	}
	if one == draw(2, "storage") || one == draw(1, "pubsub") {
		t.Error("another seed or part draws the same")
	}
	n := make(map[int]int)
	for _, f := range one {
		n[f]++
	}
	if n[0] < 80 || n[1] == 0 || n[2] > 0 || n[3] < n[1] {
		t.Errorf("of 200, with chances of 60, 10, 0 and 30 in 100: %v", n)
	}
}

func TestDiceRest(t *testing.T) {
	d := NewDice(1, "x")
	always := []int{1000}
	if d.draw(always) != 0 {
		t.Error("a fault before the beginning")
	}
	d.Begin()
	if d.draw(always) != 1 {
		t.Error("no fault")
	}
	d.End()
	if d.draw(always) != 0 {
		t.Error("a fault after the end")
	}
}

func TestDiceBounds(t *testing.T) {
	d := NewDice(1, "x")
	for range 1000 {
		if n := d.N(3); n < 0 || n > 2 {
			t.Fatalf("N(3) is %d", n)
		}
		if u := d.UpTo(time.Second); u < 0 || u >= time.Second {
			t.Fatalf("UpTo(1s) is %v", u)
		}
		if l := d.Life(time.Second); l < 0 || l > 5*time.Second {
			t.Fatalf("Life(1s) is %v", l)
		}
	}
}
