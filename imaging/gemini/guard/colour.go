package guard

import (
	"slices"

	"burnish/imaging/enhance"
)

// color compares colours averaged over 3 × 3 cells. Lightness counts half: light that falls on the
// product from new surroundings changes it first, and the eye forgives that first.
func (o *overlay) color(s *Scores) {
	type sums struct {
		n    float64
		a, b [3]float64
	}
	cells := make([]sums, o.cellsWide*o.cellsHi)
	o.each(func(i, _, _, c int) {
		q := &cells[c]
		q.n++
		for b := range q.a {
			q.a[b] += float64(o.original[b].v[i])
			q.b[b] += float64(o.edited[b].v[i])
		}
	})
	var differences []float64
	for y := range o.cellsHi {
		for x := range o.cellsWide {
			if cells[y*o.cellsWide+x].n < leastCover*cell*cell {
				continue
			}
			var t sums
			for v := max(0, y-1); v <= min(o.cellsHi-1, y+1); v++ {
				for u := max(0, x-1); u <= min(o.cellsWide-1, x+1); u++ {
					q := cells[v*o.cellsWide+u]
					t.n += q.n
					for b := range t.a {
						t.a[b] += q.a[b]
						t.b[b] += q.b[b]
					}
				}
			}
			p := lab(t.a[0]/t.n, t.a[1]/t.n, t.a[2]/t.n)
			q := lab(t.b[0]/t.n, t.b[1]/t.n, t.b[2]/t.n)
			q.L = p.L + (q.L-p.L)/2
			differences = append(differences, enhance.DeltaE2000(p, q))
		}
	}
	slices.Sort(differences)
	slices.Reverse(differences)
	s.Color = round(mean(differences, 0))
	s.WorstColor = round(mean(differences[:min(4, len(differences))], 0))
}
