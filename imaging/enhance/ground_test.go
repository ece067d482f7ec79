package enhance

import (
	"math"
	"testing"
)

func vignette(u, v float64) float64 { return 1 - 0.10*(u*u+v*v)/2 }
func slope(u, v float64) float64    { return 1 + 0.08*u - 0.06*v }

// spotlit falls off with the fourth power, which no surface of the second order follows.
func spotlit(u, v float64) float64 { return 1 - 0.06*math.Pow(u*u+v*v, 2) }

var offWhite = [3]float64{238, 236, 231}

// Products of several kinds on plain and on uneven grounds: the mask fits the truth.
func TestMaskOfProducts(t *testing.T) {
	coffee, cat, sweets := photoOf(sample(t, "coffee.png")), photoOf(sample(t, "chelsea.png")), photoOf(sample(t, "smarties.png"))
	for _, test := range []struct {
		name  string
		s     setting
		least float64
	}{
		{"a photo on white", setting{ground: [3]float64{255, 255, 255}, product: disc(0.7), color: coffee}, 0.97},
		{"a photo on off-white", setting{ground: offWhite, noise: 1.5, product: disc(0.7), color: coffee}, 0.97},
		{"with a soft shadow", setting{ground: offWhite, noise: 1.5, shadow: 0.3, product: box(0.5, 0.6), color: cat}, 0.97},
		{"noise", setting{ground: offWhite, noise: 4, product: disc(0.6), color: cat}, 0.97},
		{"a mug", setting{ground: offWhite, noise: 1, product: mug, color: plainly(40, 60, 120)}, 0.97},
		{"a dark product", setting{ground: offWhite, noise: 1, shadow: 0.4, product: box(0.4, 0.7), color: plainly(14, 14, 16)}, 0.97},
		{"on grey", setting{ground: [3]float64{150, 150, 152}, noise: 1.5, product: disc(0.6), color: sweets}, 0.97},
		{"small", setting{ground: offWhite, noise: 1, product: disc(0.2), color: cat}, 0.97},
		{"touching a side", setting{ground: offWhite, noise: 1, product: func(u, v float64) float64 { return box(0.4, 0.7)(u, v-0.6) }, color: cat}, 0.97},
		{"uneven: slope", setting{ground: offWhite, light: slope, noise: 1.5, product: disc(0.6), color: cat}, 0.9},
		{"uneven: vignette", setting{ground: offWhite, light: vignette, noise: 1.5, shadow: 0.25, product: mug, color: cat}, 0.9},
		{"uneven: spotlight", setting{ground: offWhite, light: spotlit, noise: 1.5, product: disc(0.6), color: coffee}, 0.9},
		{"a white product", setting{ground: [3]float64{222, 222, 220}, noise: 1, shadow: 0.2, product: box(0.5, 0.5), color: plainly(250, 250, 248)}, 0.97},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := compose(384, 288, test.s)
			g := GroundOf(s.p)
			if !g.Plain() {
				t.Fatalf("no ground: %s: %+v", g.Not, g.Border)
			}
			iou := s.iou(g.Mask)
			if iou < test.least || g.Mask.Confidence < 0.9 {
				t.Errorf("IoU %.3f, confidence %.2f", iou, g.Mask.Confidence)
			}
		})
	}
}

// Scenes, portraits, textures and nights have no plain ground, and neither has a product that is as
// white as what it lies on: nothing tells where it ends.
func TestScenesHaveNoGround(t *testing.T) {
	for _, name := range photos {
		g := GroundOf(sample(t, name))
		if name == "smarties.png" || name == "retina.jpg" { // sweets on white, a disc on black
			if !g.Plain() {
				t.Errorf("%s: %s", name, g.Not)
			}
			continue
		}
		if g.Plain() {
			t.Errorf("%s has a ground: %+v, noise %.1f, confidence %.2f", name, g.Border, g.Noise, g.Mask.Confidence)
		}
	}
	for _, test := range []struct {
		name string
		p    Picture
	}{
		{"white on white", compose(300, 300, setting{ground: offWhite, noise: 1.5, product: disc(0.6), color: photoOf(sample(t, "smarties.png"))}).p},
		{"sky over land", from(200, 200, func(x, y int) (r, g, b uint8) {
			if y > 120 {
				return uint8(x * y), uint8(x ^ y), 40
			}
			return 235, 238, 240
		})},
		{"nothing", from(200, 200, func(x, y int) (r, g, b uint8) { return 240, 240, 238 })},
		{"a wall", from(200, 200, func(x, y int) (r, g, b uint8) { v := uint8(200 + x*37%13*3); return v, v, v })},
	} {
		if g := GroundOf(test.p); g.Plain() {
			t.Errorf("%s has a ground: %+v, noise %.1f, confidence %.2f", test.name, g.Border, g.Noise, g.Mask.Confidence)
		}
	}
}

// Hostile sizes have no ground, and no mask that is not of their size.
func TestGroundOfLittle(t *testing.T) {
	for _, p := range []Picture{
		{},
		{Width: 1, Height: 1, Pix: []byte{0, 0, 0}},
		{Width: 90, Height: 90, Pix: []byte{1}},
		{Width: 16, Height: 512, Pix: make([]byte, 3*16*512)},
	} {
		if g := GroundOf(p); g.Plain() || g.Not == "" || len(g.Mask.Cover) > 0 {
			t.Errorf("%d × %d: %+v", p.Width, p.Height, g)
		}
	}
}

// A surface goes through what lies on one of its kind, whatever a third of the samples show.
func TestSurfaceIsRobust(t *testing.T) {
	want := Surface{{230, 9, -4, 3, 2, -6}, {228, 8, -4, 3, 2, -6}, {220, 9, -5, 3, 1, -6}}
	var spots []spot
	for k := range 900 {
		u, v := math.Sin(float64(k)), math.Cos(float64(3*k))
		s := spot{u: u, v: v, color: want.At(u, v)}
		if k%3 == 0 && u > 0 {
			s.color = [3]float64{30, float64(k % 200), 90}
		}
		spots = append(spots, s)
	}
	got, spread := fitRobust(spots)
	for band := range got {
		for k := range got[band] {
			if math.Abs(got[band][k]-want[band][k]) > 0.5 {
				t.Errorf("coefficient %d of band %d is %.2f, want %g", k, band, got[band][k], want[band][k])
			}
		}
	}
	if spread > 0.5 {
		t.Errorf("spread is %.2f", spread)
	}
}
