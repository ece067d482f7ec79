package guard

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Registration is where the product lies in the edit.
type Registration struct {
	Transform Transform `json:"transform"` // from the original's pixels to the edit's

	// What was done to the product, compared with an edit that leaves it where it was. With another
	// aspect ratio it may have been fitted into the edit or fill it: whichever is nearer.
	Shift    float64 `json:"shift"`    // of its middle, as a share of the original's diagonal
	Scale    float64 `json:"scale"`    // 1 is unchanged
	Rotation float64 `json:"rotation"` // degrees
	Stretch  float64 `json:"stretch"`  // by how much it grew more in one direction than in another

	Correlation float64 `json:"correlation"` // of luma within the product, -1 to 1
	Residual    float64 `json:"residual"`    // 8-bit levels of luma, root mean square of what fits

	// Gain and Offset take the edit's luma to the original's.
	Gain   float64 `json:"gain"`
	Offset float64 `json:"offset"`

	view Transform // from the original's view to the edit's
}

// How the product is looked for.
const (
	searched      = 0.30 // how far it may have moved, as a share of its diagonal
	coarsest      = 32   // pixels of the product's longer side at the level at which the search begins
	leastMatch    = 0.50 // correlation below which it is not found
	leastContrast = 2.0  // levels: standard deviation below which a product has nothing to be found by
)

// level is both views' luma at one size.
type level struct {
	original, edited, mask plane
}

// register finds the product: by trying places and sizes on a small copy, then by Gauss-Newton on
// larger and larger ones (Lucas and Kanade 1981, with gain and offset as in Evangelidis and Psarakis,
// "Parametric Image Alignment Using Enhanced Correlation Coefficient Maximization", 2008).
func (v *view) register() (Registration, error) {
	levels := []level{{v.original.luma(), v.edited.luma(), v.mask}}
	for {
		l := levels[len(levels)-1]
		if max(l.original.width, l.original.height) <= coarsest {
			break
		}
		levels = append(levels, level{l.original.half(), l.edited.half(), l.mask.half()})
	}
	if _, deviation := levels[0].statistics(); deviation < leastContrast {
		return Registration{}, errors.New("it has too little contrast to be found")
	}
	for i := range levels {
		levels[i].edited, levels[i].original = levels[i].edited.soft(), levels[i].original.soft()
	}
	best, err := v.coarse(levels)
	if err != nil {
		return Registration{}, err
	}
	for i := len(levels) - 3; i >= 0; i-- {
		best = levels[i].refine(best.up(), 4)
	}
	best = levels[0].refine(best, 6)
	if !(best.correlation >= leastMatch) {
		return Registration{}, fmt.Errorf("nothing in it is alike, correlation %.2f", best.correlation)
	}
	return v.describe(best), nil
}

// statistics are the mean and the standard deviation of the product's luma.
func (l level) statistics() (mean, deviation float64) {
	var n, sum, square float64
	for i, m := range l.mask.v {
		if m > 0.5 {
			x := float64(l.original.v[i])
			n, sum, square = n+1, sum+x, square+x*x
		}
	}
	if n == 0 {
		return 0, 0
	}
	mean = sum / n
	return mean, math.Sqrt(max(0, square/n-mean*mean))
}

// coarse tries places and sizes around each expected one, and refines the best few.
func (v *view) coarse(levels []level) (fit, error) {
	top := levels[len(levels)-1]
	zoom := math.Ldexp(1, len(levels)-1)
	var tried []fit
	for _, t := range v.expected {
		at := scaled(zoom, 0, 0).then(t).then(scaled(1/zoom, 0, 0))
		for _, k := range []float64{0.75, 0.82, 0.9, 0.95, 1, 1.05, 1.11, 1.22, 1.34} {
			tried = append(tried, top.search(at, k)...)
		}
	}
	if len(tried) == 0 {
		return fit{}, errors.New("it lies outside")
	}
	slices.SortStableFunc(tried, func(a, b fit) int { return cmp.Compare(b.rank, a.rank) })
	best := fit{correlation: -2}
	for _, f := range tried[:min(6, len(tried))] {
		f = top.refine(f, 4)
		if len(levels) > 1 {
			f = levels[len(levels)-2].refine(f.up(), 4)
		}
		if f.correlation > best.correlation {
			best = f
		}
	}
	if best.correlation == -2 {
		return fit{}, errors.New("nothing in it is alike")
	}
	return best, nil
}

// search slides the product over the edit and returns the best places for a size.
func (l level) search(at Transform, k float64) []fit {
	cx, cy := float64(l.original.width)/2, float64(l.original.height)/2
	ex, ey := at.Apply(cx, cy)
	scale := k * at.Scale()
	type dot struct {
		x, y int
		v    float64
	}
	var dots []dot
	rx, ry := int(cx*scale)+1, int(cy*scale)+1
	for y := -ry; y <= ry; y++ {
		for x := -rx; x <= rx; x++ {
			px, py := cx+float64(x)/scale, cy+float64(y)/scale
			if l.original.inside(px, py) && l.mask.at(px, py) > 0.7 {
				dots = append(dots, dot{x, y, float64(l.original.at(px, py))})
			}
		}
	}
	reach := int(searched * math.Hypot(float64(l.original.width), float64(l.original.height)) * scale)
	var found []fit
	for v := int(ey) - reach; v <= int(ey)+reach; v++ {
		for u := int(ex) - reach; u <= int(ex)+reach; u++ {
			var m moments
			for _, d := range dots {
				x, y := u+d.x, v+d.y
				if x >= 0 && y >= 0 && x < l.edited.width && y < l.edited.height {
					m.add(d.v, float64(l.edited.v[y*l.edited.width+x]), 1)
				}
			}
			if m.n < 0.8*float64(len(dots)) || m.n < 12 {
				continue
			}
			t := scaled(scale, float64(u)+0.5-scale*cx, float64(v)+0.5-scale*cy)
			// Of places that are much alike, the nearer to what is expected.
			away := math.Hypot(float64(u)+0.5-ex, float64(v)+0.5-ey)/float64(reach+1) + 2*math.Abs(math.Log(k))
			found = append(found, fit{transform: t, gain: 1, correlation: m.correlation(), rank: m.correlation() - 0.1*away})
		}
	}
	slices.SortStableFunc(found, func(a, b fit) int { return cmp.Compare(b.rank, a.rank) })
	return found[:min(2, len(found))]
}

// describe says what a fit comes to in the pictures' own pixels.
func (v *view) describe(f fit) Registration {
	r := Registration{
		Correlation: round(f.correlation), Residual: round(f.residual),
		Gain: round(f.gain), Offset: round(f.offset), view: f.transform,
		Transform: v.toOriginal.inverse().then(f.transform).then(v.toEdited),
	}
	nearest := math.Inf(1)
	for _, t := range v.expected {
		moved := f.transform.then(t.inverse()) // within the original's view
		cx, cy := float64(v.mask.width)/2, float64(v.mask.height)/2
		x, y := moved.Apply(cx, cy)
		shift := math.Hypot(x-cx, y-cy) / v.diagonal
		if far := shift + math.Abs(math.Log(moved.Scale())); far < nearest {
			nearest = far
			r.Shift, r.Scale = round(shift), round(moved.Scale())
			r.Rotation, r.Stretch = round(moved.Rotation()), round(moved.Stretch())
		}
	}
	return r
}

// moments are the sums that a correlation needs.
type moments struct{ n, a, b, aa, bb, ab float64 }

func (m *moments) add(a, b, w float64) {
	m.n += w
	m.a += w * a
	m.b += w * b
	m.aa += w * a * a
	m.bb += w * b * b
	m.ab += w * a * b
}

// variances are those of both and their covariance.
func (m moments) variances() (a, b, ab float64) {
	if m.n == 0 {
		return 0, 0, 0
	}
	return max(0, m.aa/m.n-m.a*m.a/m.n/m.n), max(0, m.bb/m.n-m.b*m.b/m.n/m.n), m.ab/m.n - m.a*m.b/m.n/m.n
}

func (m moments) correlation() float64 {
	a, b, ab := m.variances()
	return ab / math.Sqrt(max(a*b, 1e-6))
}
