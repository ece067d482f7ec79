package enhance

import (
	"math"
	"testing"
)

// lit is a picture under coloured light: linear R, G and B are multiplied.
func lit(p Picture, r, g, b float64) Picture {
	gains := [3]float64{r, g, b}
	return from(p.Width, p.Height, func(x, y int) (uint8, uint8, uint8) {
		i := 3 * (y*p.Width + x)
		var out [3]uint8
		for c := range 3 {
			out[c] = uint8(math.Round(255 * coded(min(1, gains[c]*linear[p.Pix[i+c]]))))
		}
		return out[0], out[1], out[2]
	})
}

func TestCastsAreTakenOffByTheBackground(t *testing.T) {
	white := onGround(sample(t, "coffee.png"), 255, 255, 255)
	grey := onGround(exposed(sample(t, "chelsea.png"), -0.5), 190, 190, 190)
	for _, test := range []struct {
		name    string
		p       Picture
		r, g, b float64
		off     float64 // largest error of the factors for G and B next to R's
	}{
		{"a lamp", white, 1, 0.9, 0.72, 0.02},
		{"shade", white, 0.8, 0.9, 1, 0.02},
		{"a green tube", white, 0.88, 1, 0.9, 0.02},
		{"a lamp, clipped", white, 1.15, 1, 0.8, 0.16}, // by how much too red is lost
		{"a lamp on grey", grey, 1.1, 1, 0.8, 0.02},
		{"magenta on grey", grey, 1, 0.88, 1, 0.02},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, step := decided(lit(test.p, test.r, test.g, test.b), "white_balance")
			m := d.Adjustment.Matrix.Coefficients()
			if step.Veto != "" || math.Abs(m[1][1]/m[0][0]-test.r/test.g) > test.off || math.Abs(m[2][2]/m[0][0]-test.r/test.b) > test.off*1.4 {
				t.Errorf("%.3f %.3f %.3f by %+v", m[0][0], m[1][1], m[2][2], d.Steps)
			}
		})
	}
}

func TestColoursOfBackgroundsStay(t *testing.T) {
	coffee := sample(t, "coffee.png")
	for _, test := range []struct {
		name string
		p    Picture
		veto bool // or else nothing even triggers
	}{
		{"white", onGround(coffee, 255, 255, 255), false},
		{"off-white", onGround(coffee, 250, 248, 244), false},
		{"a scene", lit(coffee, 1, 0.9, 0.8), false},
		{"a pastel, with highlights on the product", onGround(coffee, 244, 226, 214), true},
		{"red paper", onGround(coffee, 200, 40, 40), true},
		{"navy cloth", onGround(coffee, 24, 28, 60), true},
		{"a sky", lit(sample(t, "rocket.jpg"), 1, 1, 1), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, step := decided(test.p, "white_balance")
			if d.Adjustment.Matrix != (Matrix{}) || (step.Veto != "") != test.veto {
				t.Errorf("%+v, veto wanted: %t", d.Steps, test.veto)
			}
		})
	}
}

func TestBackgroundIsMeasuredAtTheBorder(t *testing.T) {
	b := background(onGround(sample(t, "chelsea.png"), 12, 200, 90))
	if b.Evenness < 0.99 || b.Color.R != 12 || b.Color.G != 200 || b.Color.B != 90 {
		t.Errorf("%+v of an even green", b)
	}
	if b := background(sample(t, "chelsea.png")); b.Evenness > 0.5 {
		t.Errorf("%+v of a cat all over", b)
	}
	if b := background(Picture{Width: 20, Height: 20, Pix: []byte{1, 2, 3}}); b.Evenness != 0 {
		t.Errorf("%+v of too few pixels", b)
	}
}
