package ledger

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"testing"
)

// TestContest compares the losers with those that a map finds, in memory and through files.
func TestContest(t *testing.T) {
	for _, limit := range []int{1_000_000, 20_000, 700} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("TMPDIR", dir)
			random := rand.New(rand.NewPCG(1, 2))
			c := contest{limit: limit}
			last, want := make(map[ident]place), make(map[place]bool)
			for i := range 20_000 {
				e := entry{
					identOf(fmt.Sprint("photo ", random.IntN(9_000)), random.Int64N(2)),
					place{int64(random.IntN(50)), int32(random.IntN(7)), int32(i)},
				}
				if err := c.add(e); err != nil {
					t.Fatal(err)
				}
				have, ok := last[e.id]
				switch {
				case !ok:
					last[e.id] = e.place
				case e.compare(have) > 0:
					last[e.id], want[have] = e.place, true
				default:
					want[e.place] = true
				}
			}
			got := make(map[place]bool)
			if err := c.resolve(func(p place) { got[p] = true }); err != nil {
				t.Fatal(err)
			}
			if !maps.Equal(got, want) {
				t.Errorf("%d lose, want %d", len(got), len(want))
			}
			c.close()
			if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func TestBits(t *testing.T) {
	b := make(bits, 2)
	for _, row := range []int32{0, 63, 64, 127} {
		b.set(row)
	}
	for row := range int32(200) {
		if want := row == 0 || row == 63 || row == 64 || row == 127; b.has(row) != want {
			t.Errorf("row %d: %v", row, b.has(row))
		}
	}
}
