package enhance

import (
	"math"
	"testing"
)

func TestNoToneIsTheIdentity(t *testing.T) {
	for i := range 101 {
		y := float64(i) / 100
		if light, chroma := (Tone{}).At(y); light != y || chroma != 1 {
			t.Errorf("%g becomes %g, its colours × %g", y, light, chroma)
		}
	}
}

// Brighter stays brighter, nothing leaves the range, and the white that is named becomes white.
func TestTonesAreMonotone(t *testing.T) {
	for _, tone := range []Tone{{EV: 1}, {EV: 1, White: 1.5}, {EV: 2.5, White: 4}, {EV: -1}, {White: 1.2}, {Slope: 1.5, Offset: -0.2}} {
		last := -1.0
		for i := range 1001 {
			y := float64(i) / 1000
			light, chroma := tone.At(y)
			if light < last || light < 0 || light > 1 || chroma < 0 {
				t.Fatalf("%+v takes %g to %g, its colours × %g, and what is darker to %g", tone, y, light, chroma, last)
			}
			last = light
		}
		if white := max(1, tone.White) / math.Exp2(tone.EV); white < 1 {
			if light, _ := tone.At(white); math.Abs(light-1) > 1e-9 {
				t.Errorf("%+v takes its white to %g", tone, light)
			}
		}
	}
}
