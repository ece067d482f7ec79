package guard

import "math"

const (
	steep    = 10   // levels per pixel from which an edge is looked for in the other picture
	alike    = 0.35 // of an edge's steepness that its counterpart has to have
	edgeNear = 2    // pixels
)

// edges looks for each picture's edges in the other.
func (o *overlay) edges(s *Scores) {
	a, b := gradient(o.lumaO), gradient(o.lumaE)
	inO, inE := a.widen(edgeNear), b.widen(edgeNear)
	type sums struct{ n, ofO, kept, ofE, real float64 }
	cells := make([]sums, o.cellsWide*o.cellsHi)
	inner := o.mask.erode(edgeNear)
	var t sums
	o.each(func(i, _, _, c int) {
		q := &cells[c]
		q.n++
		if inner.v[i] == 0 {
			return
		}
		if a.v[i] > steep && a.v[i] >= 0.7*inO.v[i] {
			q.ofO++
			if inE.v[i] >= alike*a.v[i] {
				q.kept++
			}
		}
		if b.v[i] > steep && b.v[i] >= 0.7*inE.v[i] {
			q.ofE++
			if inO.v[i] >= alike*b.v[i] {
				q.real++
			}
		}
	})
	join := func(t *sums, q sums) {
		t.n, t.ofO, t.kept, t.ofE, t.real = t.n+q.n, t.ofO+q.ofO, t.kept+q.kept, t.ofE+q.ofE, t.real+q.real
	}
	for _, q := range cells {
		join(&t, q)
	}
	s.EdgesKept, s.EdgesTrue = round(share(t.kept, t.ofO)), round(share(t.real, t.ofE))
	o.windows(large, func(window []int) {
		var t sums
		for _, c := range window {
			join(&t, cells[c])
		}
		if t.n >= leastCover*cell*cell*large*large {
			s.WorstEdge = max(s.WorstEdge, round(max(t.ofO-t.kept, t.ofE-t.real)/t.n))
		}
	})
}

// share is a part of a whole, 1 of nothing.
func share(part, whole float64) float64 {
	if whole == 0 {
		return 1
	}
	return part / whole
}

// gradient is the steepness of a plane in levels per pixel.
func gradient(p plane) plane {
	out := newPlane(p.width, p.height)
	for y := 1; y < p.height-1; y++ {
		for x := 1; x < p.width-1; x++ {
			i := y*p.width + x
			out.v[i] = float32(math.Hypot(float64(p.v[i+1]-p.v[i-1]), float64(p.v[i+p.width]-p.v[i-p.width])) / 2)
		}
	}
	return out
}
