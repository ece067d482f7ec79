package enhance

import (
	"math"
	"testing"

	"burnish/imaging"
)

// tiled measures a picture as if it were the largest variant itself.
func tiled(p Picture) imaging.Analysis { return imaging.Analysis{Detail: detail([]Picture{p})} }

func TestSoftPhotosAreSharpened(t *testing.T) {
	for _, name := range []string{"coffee.png", "chelsea.png"} {
		good := sample(t, name)
		if step, amount := decideSharpness(tiled(good), 1); step.Name != "" || amount != 0 {
			t.Errorf("%s in focus: %+v", name, step)
		}
		soft := softened(good, 5)
		if step, amount := decideSharpness(tiled(soft), 1); amount < 0.5 || amount > 1 {
			t.Errorf("%s softened: %g by %+v", name, amount, step)
		}
		if step, amount := decideSharpness(tiled(speckled(soft, 6)), 1); amount != 0 {
			t.Errorf("%s softened, with noise: %g by %+v", name, amount, step)
		}
	}
	a := imaging.Analysis{Detail: imaging.Detail{Sharpness: 0.3}, JPEGQuality: 30}
	if step, amount := decideSharpness(a, 1); amount != 0 || step.Veto == "" {
		t.Errorf("a coarse JPEG: %g by %+v", amount, step)
	}
}

func TestDullPhotosGainColourOnce(t *testing.T) {
	good := sample(t, "coffee.png")
	for _, test := range []struct {
		factor float64 // of colour that is left
		made   bool
		veto   bool
	}{{1, false, false}, {0.3, true, false}, {0.2, false, true}, {0, false, false}} {
		dulled := mixed(good, saturated(test.factor))
		a := imaging.Analysis{Colourfulness: Colourfulness(dulled)}
		step, m := decideSaturation(a, 0.25)
		if (m != Matrix{}) != test.made || (step.Veto != "") != test.veto {
			t.Errorf("%g of the colour, colourfulness %.1f: %+v", test.factor, a.Colourfulness, step)
		}
		if !test.made {
			continue
		}
		again, m := decideSaturation(imaging.Analysis{Colourfulness: Colourfulness(mixed(dulled, m))}, 0.25)
		if m != (Matrix{}) && m[0][0] > 1.03 {
			t.Errorf("a second time: %+v", again)
		}
	}
}

// mixed applies a matrix in linear light.
func mixed(p Picture, m Matrix) Picture {
	return from(p.Width, p.Height, func(x, y int) (uint8, uint8, uint8) {
		var out [3]uint8
		for c, row := range m.Coefficients() {
			v := 0.0
			for i, k := range row {
				v += k * linear[p.Pix[3*(y*p.Width+x)+i]]
			}
			out[c] = uint8(math.Round(255 * coded(max(0, min(1, v)))))
		}
		return out[0], out[1], out[2]
	})
}
