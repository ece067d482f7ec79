package enhance

import "math"

// Surface is what a background's colour would be at every place: for each of R, G and B the
// coefficients of 1, u, v, u², uv and v², in 8-bit levels as sRGB codes them. u and v run from -1 at
// the left and upper edge of a picture to 1 at the right and lower one, whatever its size.
type Surface [3][terms]float64

const terms = 6

// At is the surface's colour at a place, in 8-bit levels, which may lie outside of 0 to 255.
func (s Surface) At(u, v float64) (c [3]float64) {
	basis := basisAt(u, v)
	for band := range c {
		for k, b := range basis {
			c[band] += s[band][k] * b
		}
	}
	return c
}

func basisAt(u, v float64) [terms]float64 { return [terms]float64{1, u, v, u * u, u * v, v * v} }

// spot is a colour at a place, and how much it counts.
type spot struct {
	u, v   float64
	color  [3]float64
	weight float64
}

// fitSurface is the surface with the least weighted squares of differences to spots. A whiff of
// ridge keeps coefficients that nothing tells about at 0.
func fitSurface(spots []spot) (s Surface) {
	var a [terms][terms + 3]float64
	for _, p := range spots {
		basis := basisAt(p.u, p.v)
		for i, b := range basis {
			w := p.weight * b
			for j := range terms {
				a[i][j] += w * basis[j]
			}
			for band := range 3 {
				a[i][terms+band] += w * p.color[band]
			}
		}
	}
	for i := 1; i < terms; i++ {
		a[i][i] += 1e-3 * a[0][0]
	}
	solve(&a)
	for band := range s {
		for k := range terms {
			s[band][k] = a[k][terms+band]
		}
	}
	return s
}

// solve brings the left part of a positive definite system to the identity, by elimination with
// pivots on the diagonal, and so the right part to the solutions.
func solve(a *[terms][terms + 3]float64) {
	for i := range terms {
		pivot := a[i][i]
		if pivot < 1e-12 {
			pivot = 1e-12
		}
		for j := range a[i] {
			a[i][j] /= pivot
		}
		for k := range terms {
			if k == i {
				continue
			}
			f := a[k][i]
			for j := range a[k] {
				a[k][j] -= f * a[i][j]
			}
		}
	}
}

// fitRobust is the surface that most of the spots lie near to, whatever the others show: first
// the least absolute differences, by repeated weighting, and from there Tukey's biweight, which
// gives what is far off no say (Beaton and Tukey, "The fitting of power series", Technometrics 16,
// 1974). Weights of the spots are overwritten. spread is the median difference of those near it,
// as a standard deviation.
func fitRobust(spots []spot) (s Surface, spread float64) {
	for i := range spots {
		spots[i].weight = spots[i].tells()
	}
	s = fitSurface(spots)
	for range 12 {
		for i := range spots {
			spots[i].weight = spots[i].tells() / max(1, spots[i].off(s))
		}
		s = fitSurface(spots)
	}
	for range 6 {
		spread = spreadOf(spots, s)
		far := max(4, 4.7*spread)
		for i := range spots {
			t := min(1, spots[i].off(s)/far)
			spots[i].weight = spots[i].tells() * (1 - t*t) * (1 - t*t)
		}
		s = fitSurface(spots)
	}
	return s, spreadOf(spots, s)
}

// off is the largest difference of a spot from the surface in any of R, G and B. Where the surface
// runs above white, white is what it comes to.
func (p spot) off(s Surface) (most float64) {
	for band, c := range s.At(p.u, p.v) {
		most = max(most, math.Abs(p.color[band]-min(255, c)))
	}
	return most
}

// tells is how much a spot tells about the surface: little where light was cut off at white.
func (p spot) tells() float64 {
	if max(p.color[0], p.color[1], p.color[2]) >= 254 {
		return 0.05
	}
	return 1
}

// spreadOf is the scale of differences from the surface, by their 40th percentile, which is 1.115 standard
// deviations for the largest of three independent normal ones.
func spreadOf(spots []spot, s Surface) float64 {
	const steps = 8 // per level
	var count [256*steps + 1]int
	for _, p := range spots {
		count[int(min(256, p.off(s))*steps)]++
	}
	wanted := len(spots) * 2 / 5
	for level, n := range count {
		if wanted -= n; wanted <= 0 {
			return max(0.3, (float64(level)+0.5)/steps/1.115)
		}
	}
	return 256
}
