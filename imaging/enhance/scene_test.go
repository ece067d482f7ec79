package enhance

import (
	"math"
	"math/rand/v2"
)

// scene is a product composed on a ground, with the truth about it.
type scene struct {
	p       Picture
	product []float64 // how much of each pixel it covers
	ground  Picture   // what lies behind it, shadow included
}

// setting is how a scene is made.
type setting struct {
	ground  [3]float64                    // colour, 8-bit levels
	light   func(u, v float64) float64    // factor of the ground's levels, or nil
	noise   float64                       // standard deviation, levels
	shadow  float64                       // how much of the light a soft shadow takes at its deepest
	product func(u, v float64) float64    // signed distance in half heights, negative inside
	color   func(u, v float64) [3]float64 // of the product
	seed    uint64
}

// compose draws a setting. u and v are in half heights from the middle.
func compose(width, height int, s setting) scene {
	out := scene{
		p:       Picture{Width: width, Height: height, Pix: make([]byte, 3*width*height)},
		ground:  Picture{Width: width, Height: height, Pix: make([]byte, 3*width*height)},
		product: make([]float64, width*height),
	}
	random := rand.New(rand.NewPCG(s.seed, 7))
	half := float64(height) / 2
	for y := range height {
		for x := range width {
			u, v := (float64(x)+0.5-float64(width)/2)/half, (float64(y)+0.5)/half-1
			i := y*width + x
			light := 1.0
			if s.light != nil {
				light = s.light(u, v)
			}
			if s.shadow > 0 {
				d := max(0, s.product(u-0.06, v-0.12)+0.02)
				light *= 1 - s.shadow*math.Exp(-d*d/(2*0.12*0.12))
			}
			a := max(0, min(1, 0.5-s.product(u, v)*half/1.6)) // an edge of 1.6 pixels
			out.product[i] = a
			c := s.color(u, v)
			for b := range 3 {
				g := s.ground[b] * light
				n := s.noise * random.NormFloat64()
				out.ground.Pix[3*i+b] = byte(max(0, min(255, math.Round(g+n))))
				out.p.Pix[3*i+b] = byte(max(0, min(255, math.Round(a*c[b]+(1-a)*g+n))))
			}
		}
	}
	return out
}

// iou is how well a mask fits the truth: intersection over union, at half cover.
func (s scene) iou(m Mask) float64 {
	both, either := 0, 0
	for i, a := range s.product {
		truth, found := a >= 0.5, m.Cover[i] >= 128
		if truth && found {
			both++
		}
		if truth || found {
			either++
		}
	}
	return float64(both) / float64(max(1, either))
}

func disc(r float64) func(u, v float64) float64 {
	return func(u, v float64) float64 { return math.Hypot(u, v) - r }
}

// box is a rectangle with round corners.
func box(w, h float64) func(u, v float64) float64 {
	const r = 0.05
	return func(u, v float64) float64 {
		x, y := math.Abs(u)-w+r, math.Abs(v)-h+r
		return math.Hypot(max(x, 0), max(y, 0)) + min(0, max(x, y)) - r
	}
}

// mug is a box with a handle that shows the ground through its hole.
func mug(u, v float64) float64 {
	handle := math.Abs(math.Hypot(u-0.45, v)-0.25) - 0.06
	return min(box(0.45, 0.5)(u, v), handle)
}

func plainly(r, g, b float64) func(u, v float64) [3]float64 {
	return func(u, v float64) [3]float64 { return [3]float64{r, g, b} }
}

// photoOf takes a product's colours from a picture.
func photoOf(p Picture) func(u, v float64) [3]float64 {
	return func(u, v float64) [3]float64 {
		x := max(0, min(p.Width-1, int((u+1)/2*float64(p.Width))))
		y := max(0, min(p.Height-1, int((v+1)/2*float64(p.Height))))
		i := 3 * (y*p.Width + x)
		return [3]float64{float64(p.Pix[i]), float64(p.Pix[i+1]), float64(p.Pix[i+2])}
	}
}
