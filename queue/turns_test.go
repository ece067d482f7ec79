package queue

import "testing"

func TestTurns(t *testing.T) {
	all := map[Lane]int{Upload: 100, Rerun: 100, Backfill: 100}
	for _, test := range []struct {
		name  string
		left  map[Lane]int
		turns int
		want  map[Lane]int
	}{
		{"nothing to do", nil, 3, map[Lane]int{"": 3}},
		{"one lane", map[Lane]int{Backfill: 5}, 5, map[Lane]int{Backfill: 5}},
		{"two lanes", map[Lane]int{Upload: 100, Backfill: 100}, 90, map[Lane]int{Upload: 80, Backfill: 10}},
		{"the two less urgent", map[Lane]int{Rerun: 100, Backfill: 100}, 90, map[Lane]int{Rerun: 80, Backfill: 10}},
		{"three lanes", all, 100, map[Lane]int{Upload: 78, Rerun: 11, Backfill: 11}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var tt turns
			got := map[Lane]int{}
			for range test.turns {
				l := tt.next(func(l Lane) bool { return test.left[l] > 0 })
				if got[l]++; l != "" {
					test.left[l]--
				}
			}
			for _, l := range append(Lanes, "") {
				if got[l] != test.want[l] {
					t.Errorf("%q had %d turns, want %d", l, got[l], test.want[l])
				}
			}
		})
	}
}
