package guard

import "math"

// fit is a transform from the original's view to the edit's at one level, and how good it is.
type fit struct {
	transform    Transform
	gain, offset float64 // take the edit's luma to the original's
	correlation  float64
	residual     float64
	rank         float64 // of a place that was only tried
}

// up is the fit at a level of twice the size.
func (f fit) up() fit {
	f.transform[0][2] *= 2
	f.transform[1][2] *= 2
	return f
}

const (
	mostSteps   = 15     // of Gauss-Newton at a level
	mostSamples = 40_000 // pixels that a level is refined by
)

// sample is a pixel of the product.
type sample struct{ x, y, v float64 }

// samples are the pixels of the product, at most mostSamples, evenly spread.
func (l level) samples() []sample {
	n := 0
	for _, m := range l.mask.v {
		if m > 0.9 {
			n++
		}
	}
	step := 1 + n/mostSamples
	out := make([]sample, 0, n/step+1)
	k := 0
	for i, m := range l.mask.v {
		if m <= 0.9 {
			continue
		}
		if k++; k%step == 0 {
			out = append(out, sample{float64(i%l.mask.width) + 0.5, float64(i/l.mask.width) + 0.5, float64(l.original.v[i])})
		}
	}
	return out
}

// refine improves a fit by Gauss-Newton in its transform (4 degrees of freedom for a similarity, 6 for
// an affinity), gain and offset. Pixels that fit badly count little (Tukey's biweight), so that what
// was changed does not pull at the rest. It ends at the best correlation that it came by.
func (l level) refine(f fit, freedom int) fit {
	samples := l.samples()
	if len(samples) < 30 {
		f.correlation = -2
		return f
	}
	g := gauss{
		level: l, samples: samples, freedom: freedom, cut: 60,
		cx: float64(l.original.width) / 2, cy: float64(l.original.height) / 2,
		half: float64(max(l.original.width, l.original.height)) / 2,
	}
	f.gain, f.offset = 1, 0
	best := f
	best.correlation = -2
	for range mostSteps {
		now := g.step(&f)
		if now.correlation > best.correlation {
			best = now
		}
		if g.moved < 0.01 || !sane(f.transform) {
			break
		}
	}
	return best
}

// sane reports whether a transform may be that of a product.
func sane(t Transform) bool {
	s := t.Scale()
	return s > 0.3 && s < 3 && t.Stretch() < 0.5 && math.Abs(t.Rotation()) < 30
}

// gauss is the state of an iteration.
type gauss struct {
	level
	samples      []sample
	freedom      int
	cx, cy, half float64 // coordinates are counted from the middle, in half sides
	cut          float64 // residual in levels beyond which a pixel does not count
	moved        float64 // pixels that the last step moved the product by, at most
}

const unknowns = 8 // at most: transform, gain, offset

// step does one step. It returns the fit before it with what was measured of it.
func (g *gauss) step(f *fit) fit {
	var a [unknowns][unknowns]float64
	var b [unknowns]float64
	var m moments
	var inliers, square float64
	var histogram [256]int
	k := g.freedom + 2
	for _, s := range g.samples {
		u, v := f.transform.Apply(s.x, s.y)
		if u < 1 || v < 1 || u > float64(g.edited.width)-1 || v > float64(g.edited.height)-1 {
			continue
		}
		e := float64(g.edited.at(u, v))
		m.add(s.v, e, 1)
		r := s.v - f.gain*e - f.offset
		histogram[int(min(255, 2*math.Abs(r)))]++
		w := 1 - r*r/(g.cut*g.cut)
		if w <= 0 {
			continue
		}
		w *= w
		inliers++
		square += r * r
		du := f.gain * float64(g.edited.at(u+0.5, v)-g.edited.at(u-0.5, v))
		dv := f.gain * float64(g.edited.at(u, v+0.5)-g.edited.at(u, v-0.5))
		x, y := (s.x-g.cx)/g.half, (s.y-g.cy)/g.half
		j := [unknowns]float64{du*x + dv*y, dv*x - du*y, du, dv, (e - 128) / 64, 1}
		if g.freedom == 6 {
			j = [unknowns]float64{du * x, du * y, dv * x, dv * y, du, dv, (e - 128) / 64, 1}
		}
		for p := range k {
			for q := p; q < k; q++ {
				a[p][q] += w * j[p] * j[q]
			}
			b[p] += w * j[p] * r
		}
	}
	now := *f
	now.correlation = -2
	g.moved = 0
	if m.n < 0.6*float64(len(g.samples)) || inliers < 20 {
		return now
	}
	now.correlation, now.residual = m.correlation(), math.Sqrt(square/inliers)
	g.cut = max(8, 4.685*1.4826*quantile(histogram[:], int(m.n), 0.5)/2)
	d, ok := solve(&a, b, k)
	if !ok {
		return now
	}
	g.apply(f, d)
	return now
}

// apply adds a solution to a fit. A step is kept to a few pixels.
func (g *gauss) apply(f *fit, d [unknowns]float64) {
	linear := [4]float64{d[0], -d[1], d[1], d[0]}
	tx, ty, gain, offset := d[2], d[3], d[4], d[5]
	if g.freedom == 6 {
		linear = [4]float64{d[0], d[1], d[2], d[3]}
		tx, ty, gain, offset = d[4], d[5], d[6], d[7]
	}
	g.moved = math.Hypot(tx, ty)
	for _, l := range linear {
		g.moved = max(g.moved, math.Abs(l))
	}
	const most = 4
	if g.moved > most {
		k := most / g.moved
		for i := range linear {
			linear[i] *= k
		}
		tx, ty = k*tx, k*ty
	}
	for i := range linear {
		linear[i] /= g.half
	}
	t := &f.transform
	t[0][2] += tx - linear[0]*g.cx - linear[1]*g.cy
	t[1][2] += ty - linear[2]*g.cx - linear[3]*g.cy
	t[0][0] += linear[0]
	t[0][1] += linear[1]
	t[1][0] += linear[2]
	t[1][1] += linear[3]
	f.gain = max(0.4, min(2.5, f.gain+gain/64))
	f.offset = max(-200, min(200, f.offset+offset-2*gain))
}

// quantile is the value below which a share of n counted values lies.
func quantile(histogram []int, n int, share float64) float64 {
	left := int(share * float64(n))
	for i, c := range histogram {
		if left -= c; left < 0 {
			return float64(i) + 0.5
		}
	}
	return float64(len(histogram))
}

// solve solves a symmetric system given by its upper triangle, by Cholesky's decomposition. Its
// diagonal is raised by a thousandth, which keeps in place what the picture does not tell.
func solve(a *[unknowns][unknowns]float64, b [unknowns]float64, n int) (x [unknowns]float64, ok bool) {
	var l [unknowns][unknowns]float64
	for i := range n {
		for j := 0; j <= i; j++ {
			sum := a[j][i]
			if i == j {
				sum += 1e-3*sum + 1e-9
			}
			for k := range j {
				sum -= l[i][k] * l[j][k]
			}
			if i != j {
				l[i][j] = sum / l[j][j]
				continue
			}
			if sum <= 0 {
				return x, false
			}
			l[i][i] = math.Sqrt(sum)
		}
	}
	for i := range n {
		for k := range i {
			b[i] -= l[i][k] * b[k]
		}
		b[i] /= l[i][i]
	}
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			b[i] -= l[k][i] * b[k]
		}
		b[i] /= l[i][i]
	}
	return b, true
}
