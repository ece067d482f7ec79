package guard

import (
	"math"

	"burnish/imaging/enhance"
)

// point is a place on a product's outline, with the direction that leads out.
type point struct{ x, y, dx, dy float64 }

// outline are the pixels of a mask of 0 and 1 that touch its surroundings, but for those at the
// picture's border.
func outline(mask plane) []point {
	smooth := mask.blur(3)
	var out []point
	w := mask.width
	for y := 1; y < mask.height-1; y++ {
		for x := 1; x < w-1; x++ {
			i := y*w + x
			if mask.v[i] == 0 || mask.v[i-1]+mask.v[i+1]+mask.v[i-w]+mask.v[i+w] == 4 {
				continue
			}
			dx := float64(smooth.v[i-1] - smooth.v[i+1])
			dy := float64(smooth.v[i-w] - smooth.v[i+w])
			if n := math.Hypot(dx, dy); n > 1e-4 {
				out = append(out, point{float64(x) + 0.5, float64(y) + 0.5, dx / n, dy / n})
			}
		}
	}
	return out
}

// How a product shows that goes on beyond its outline, in pixels from it and ΔE2000.
const (
	ring   = 4  // where it still shows
	beyond = 10 // where it does not any more
	same   = 5  // at most, between it and what is beside it within the outline
	other  = 12 // at least, between it and its surroundings
)

// outgrown is the share of the outline beyond which the edit shows the product: where, right outside,
// it has the colours of what is right inside, and farther out has not, and the original has not.
func (v *view) outgrown(t Transform) float64 {
	points := outline(v.mask)
	n, grown := 0, 0
	for _, p := range points {
		place := func(far float64) (x, y float64) { return p.x + far*p.dx, p.y + far*p.dy }
		x, y := place(-ring)
		in, inO := v.edited.colorAt(t.Apply(x, y)), v.original.colorAt(x, y)
		x, y = place(ring)
		if !v.original[0].inside(x, y) || enhance.DeltaE2000(inO, v.original.colorAt(x, y)) < other {
			continue // there is no outline to be seen, or nothing outside of it
		}
		near := v.edited.colorAt(t.Apply(x, y))
		x, y = t.Apply(place(beyond))
		if !v.edited[0].inside(x, y) {
			continue
		}
		n++
		if enhance.DeltaE2000(in, near) < same && enhance.DeltaE2000(in, v.edited.colorAt(x, y)) > other {
			grown++
		}
	}
	if 5*n < len(points) {
		return 0 // too little of the outline tells
	}
	return float64(grown) / float64(n)
}

func (p rgb) colorAt(x, y float64) enhance.Lab {
	return lab(float64(p[0].at(x, y)), float64(p[1].at(x, y)), float64(p[2].at(x, y)))
}
