package enhance

import (
	"math"
	"testing"

	"burnish/imaging"
)

// all allows every step what the catalogue does.
var all = func() imaging.Enhance {
	r, _ := imaging.Builtin("catalogue")
	return r.Enhance
}()

// photos are all samples but the charts, and flower.jpg for its size.
var photos = []string{
	"apple.jpg", "astronaut.png", "board.jpg", "chelsea.png", "coffee.png", "fruits.jpg", "orange.jpg",
	"retina.jpg", "rocket.jpg", "smarties.png",
}

// changed applies a function to every coded value, 0 to 1.
func changed(p Picture, to func(v float64) float64) Picture {
	var table [256]byte
	for i := range table {
		table[i] = byte(math.Round(255 * max(0, min(1, to(float64(i)/255)))))
	}
	out := Picture{Width: p.Width, Height: p.Height, Pix: make([]byte, len(p.Pix))}
	for i, v := range p.Pix {
		out.Pix[i] = table[v]
	}
	return out
}

// exposed is the picture as it would be with more or less light.
func exposed(p Picture, ev float64) Picture {
	return changed(p, func(v float64) float64 { return coded(decoded(v) * math.Exp2(ev)) })
}

// toned is what Measure finds of tones and the background, without its slower parts.
func toned(p Picture) imaging.Analysis {
	c := count(p)
	return imaging.Analysis{Exposure: exposure(c), Background: background(p), Lightest: c.lightest()}
}

// decided is what is decided about a picture, and the step of a name, if there is one.
func decided(p Picture, name string) (Decision, imaging.Step) {
	d := Decide(toned(p), all)
	for _, s := range d.Steps {
		if s.Name == name {
			return d, s
		}
	}
	return d, imaging.Step{}
}

func TestGoodPhotosKeepTheirTones(t *testing.T) {
	for _, name := range photos {
		if d, _ := decided(sample(t, name), ""); d.Adjustment.Tone != (Tone{}) {
			t.Errorf("%s: %+v", name, d.Steps)
		}
	}
}

func TestDarkenedPhotosGetTheirLightBack(t *testing.T) {
	for _, name := range photos {
		good := sample(t, name)
		for _, ev := range []float64{-1, -2} {
			a := toned(exposed(good, ev))
			step, tone := decideExposure(a.Exposure, all.Exposure)
			most := 0.4 // a photo whose highlights end below white is thought darker than it was
			if name == "chelsea.png" {
				most = 0.6
			}
			if math.Abs(tone.EV+ev) > most {
				t.Errorf("%s at %+g EV gets %+.2f: %+v", name, ev, tone.EV, step)
			}
		}
	}
}

func TestFlatPhotosGetTheirContrastBack(t *testing.T) {
	for _, name := range photos {
		flat := changed(sample(t, name), func(v float64) float64 { return 0.15 + 0.7*v })
		d, step := decided(flat, "contrast")
		slope := d.Adjustment.Tone.Slope
		switch name {
		case "chelsea.png": // ends at two thirds of white, so that flat it is dim
			if step.Veto == "" {
				t.Errorf("%s: no veto: %+v", name, d.Steps)
			}
		case "orange.jpg", "apple.jpg": // have no black
			if slope < 1.3 || slope > 1.8 {
				t.Errorf("%s: stretched %.2f times", name, slope)
			}
		default:
			if slope < 1.2 || slope > 1.5 { // 1 / 0.7 is 1.43
				t.Errorf("%s: stretched %.2f times: %+v", name, slope, d.Steps)
			}
		}
	}
}

// What a photo of something dark has in common with a photo that is too dark.
func TestWhatIsDarkByNatureStaysDark(t *testing.T) {
	for _, test := range []struct {
		name string
		p    Picture
		veto bool // or else nothing even triggers
	}{
		{"a night with lamps", sample(t, "rocket.jpg"), false},
		{"a bright subject on black", sample(t, "retina.jpg"), false},
		{"a dark product on dark ground", onGround(exposed(sample(t, "chelsea.png"), -2.5), 28, 28, 30), true},
		{"a fog", changed(sample(t, "chelsea.png"), func(v float64) float64 { return 0.45 + 0.2*v }), true},
		{"dusk", from(64, 64, func(x, y int) (r, g, b uint8) { return uint8(x / 2), uint8(x), uint8(100 + y) }), true},
		{"grey paper, with a pen on it", onGround(exposed(sample(t, "rocket.jpg"), -1.2), 150, 152, 150), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, _ := decided(test.p, "")
			if d.Adjustment.Tone != (Tone{}) {
				t.Errorf("%+v", d.Steps)
			}
			if test.veto && (len(d.Steps) != 1 || d.Steps[0].Veto == "" || d.Steps[0].Strength != 0) {
				t.Errorf("want one veto: %+v of %+v", d.Steps, Measure(test.p, nil, nil).Exposure)
			}
		})
	}
}

// onGround lays an oval of a picture on even ground.
func onGround(p Picture, r, g, b uint8) Picture {
	return from(p.Width, p.Height, func(x, y int) (uint8, uint8, uint8) {
		dx, dy := float64(2*x)/float64(p.Width)-1, float64(2*y)/float64(p.Height)-1
		if dx*dx+dy*dy > 0.4 {
			return r, g, b
		}
		i := 3 * (y*p.Width + x)
		return p.Pix[i], p.Pix[i+1], p.Pix[i+2]
	})
}

func TestRecipesBoundTones(t *testing.T) {
	dark := exposed(sample(t, "coffee.png"), -2)
	flat := changed(sample(t, "coffee.png"), func(v float64) float64 { return 0.15 + 0.7*v })
	for _, test := range []struct {
		name string
		p    Picture
		most imaging.Enhance
		veto bool
	}{
		{"off", dark, imaging.Enhance{}, false},
		{"off", flat, imaging.Enhance{}, false},
		{"less than it takes", dark, imaging.Enhance{Exposure: 1.5}, true},
		{"less than it takes", flat, imaging.Enhance{Contrast: 0.1}, true},
	} {
		d := Decide(toned(test.p), test.most)
		if d.Adjustment.Tone != (Tone{}) || (len(d.Steps) > 0) != test.veto {
			t.Errorf("%s: %+v", test.name, d)
		}
	}
}

// Hostile sizes have no tones.
func TestTonesOfLittle(t *testing.T) {
	for _, p := range []Picture{{}, {Width: 1, Height: 1, Pix: []byte{0, 0, 0}}, {Width: 9, Height: 9, Pix: []byte{1}}} {
		if d := Decide(Measure(p, nil, nil), all); d.Adjustment.Tone != (Tone{}) {
			t.Errorf("%d × %d: %+v", p.Width, p.Height, d.Steps)
		}
	}
}
