package guard

import (
	"math"
	"slices"
)

const (
	large = 4 // cells, 32 px
	small = 2 // cells, 16 px

	leastCover = 0.5 // share of a window that has to be product

	// faint is a variance, (7 levels)² in each picture, in which a difference begins to be seen: what
	// has less contrast counts less, since noise and compression change it.
	faint = 2 * 7 * 7
)

// shifts are the displacements that windows may have: a pixel in each direction.
var shifts = [9][2]int{{0, 0}, {1, 0}, {-1, 0}, {0, 1}, {0, -1}, {1, 1}, {1, -1}, {-1, 1}, {-1, -1}}

// structure compares windows.
func (o *overlay) structure(s *Scores) {
	cells := make([][len(shifts)]moments, o.cellsWide*o.cellsHi)
	w, h := o.mask.width, o.mask.height
	o.each(func(i, x, y, c int) {
		if x == 0 || y == 0 || x == w-1 || y == h-1 {
			return
		}
		a := float64(o.lumaO.v[i])
		for k, d := range shifts {
			cells[c][k].add(a, float64(o.lumaE.v[i+d[1]*w+d[0]]), 1)
		}
	})
	var all, text []float64
	o.windows(large, func(window []int) {
		if alike, n := best(cells, window); n >= leastCover*float64(cell*cell*large*large) {
			all = append(all, alike)
		}
	})
	strokes := o.strokes()
	o.windows(small, func(window []int) {
		if alike, n := best(cells, window); n >= leastCover*float64(cell*cell*small*small) && strokes(window) {
			text = append(text, alike)
		}
	})
	s.Structure, s.WorstTile = round(mean(all, 1)), round(lowest(all, 4))
	s.Text, s.TextTiles = round(lowest(text, 2)), len(text)
}

// best is the likeness of a window at the displacement that makes it most alike.
func best(cells [][len(shifts)]moments, window []int) (alike, n float64) {
	alike = -1
	for k := range shifts {
		var m moments
		for _, c := range window {
			m.join(cells[c][k])
		}
		a, b, ab := m.variances()
		alike, n = max(alike, (2*ab+faint)/(a+b+faint)), m.n
	}
	return alike, n
}

func (m *moments) join(o moments) {
	m.n += o.n
	m.a += o.a
	m.b += o.b
	m.aa += o.aa
	m.bb += o.bb
	m.ab += o.ab
}

// strokes finds out what is dense with strokes, as text is: steep both ways along either direction,
// and as often up as down.
func (o *overlay) strokes() func(window []int) bool {
	type sums struct{ n, steep, gx, gy, absX, absY float64 }
	cells := make([]sums, o.cellsWide*o.cellsHi)
	w := o.mask.width
	o.each(func(i, x, y, c int) {
		if x == 0 || y == 0 || x == w-1 || y == o.mask.height-1 {
			return
		}
		gx := float64(o.lumaO.v[i+1]-o.lumaO.v[i-1]) / 2
		gy := float64(o.lumaO.v[i+w]-o.lumaO.v[i-w]) / 2
		q := &cells[c]
		q.n++
		if math.Hypot(gx, gy) > 12 {
			q.steep++
		}
		q.gx += gx
		q.gy += gy
		q.absX += math.Abs(gx)
		q.absY += math.Abs(gy)
	})
	return func(window []int) bool {
		var t sums
		for _, c := range window {
			q := cells[c]
			t.n, t.steep = t.n+q.n, t.steep+q.steep
			t.gx, t.gy, t.absX, t.absY = t.gx+q.gx, t.gy+q.gy, t.absX+q.absX, t.absY+q.absY
		}
		return t.steep > 0.25*t.n && min(t.absX, t.absY) > 0.3*max(t.absX, t.absY) &&
			math.Abs(t.gx) < 0.4*t.absX && math.Abs(t.gy) < 0.4*t.absY
	}
}

// detail compares the contrast of fine texture, which smoothing takes and a slight blur leaves.
func (o *overlay) detail(s *Scores) {
	fine := func(p plane) plane {
		a, b := p.soft(), p.blur(3)
		for i := range a.v {
			a.v[i] -= b.v[i]
		}
		return a
	}
	a, b := fine(o.lumaO), fine(o.lumaE)
	cells := make([]moments, o.cellsWide*o.cellsHi)
	o.each(func(i, _, _, c int) { cells[c].add(float64(a.v[i]), float64(b.v[i]), 1) })
	var ratios []float64
	o.windows(large, func(window []int) {
		var m moments
		for _, c := range window {
			m.join(cells[c])
		}
		const least = 2.5 // levels of contrast that texture has
		if m.n >= leastCover*cell*cell*large*large && m.aa > least*least*m.n {
			ratios = append(ratios, math.Sqrt(m.bb/m.aa))
		}
	})
	s.Detail, s.WorstDetail = 1, 1
	if len(ratios) > 0 {
		slices.Sort(ratios)
		s.Detail = round(ratios[len(ratios)/2])
		s.WorstDetail = round(lowest(ratios, max(1, len(ratios)/10)))
	}
}

// mean is the mean of values, or none where there are none.
func mean(values []float64, none float64) float64 {
	if len(values) == 0 {
		return none
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// lowest is the mean of the n lowest values, or 1 where there are none.
func lowest(values []float64, n int) float64 {
	slices.Sort(values)
	return mean(values[:min(n, len(values))], 1)
}
