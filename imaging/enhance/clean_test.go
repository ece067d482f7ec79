package enhance

import (
	"math"
	"strings"
	"testing"
)

// What a ground is cleaned for, and what protects whom: each veto has its words.
func TestCleaningIsDecided(t *testing.T) {
	cat := photoOf(sample(t, "chelsea.png"))
	ring := func(u, v float64) float64 { return math.Abs(math.Hypot(u, v)-0.5) - 0.04 }
	gold := func(u, v float64) [3]float64 {
		if math.Sin(9*u)+math.Cos(7*v) > 1.5 { // highlights
			return [3]float64{255, 252, 240}
		}
		return [3]float64{190, 140 + 30*u, 50}
	}
	glass := func(u, v float64) [3]float64 {
		if box(0.32, 0.52)(u, v) > 0 {
			return [3]float64{120, 128, 126}
		}
		return [3]float64{222, 221, 217}
	}
	cut := func(u, v float64) float64 { return box(0.9, 0.9)(u, v-0.8) }
	for _, test := range []struct {
		name string
		s    setting
		want string // the veto; "done"; or "" where nothing calls for it
	}{
		{"a product on off-white", setting{ground: offWhite, product: disc(0.6), color: cat}, "done"},
		{"a dark product", setting{ground: offWhite, shadow: 0.3, product: box(0.5, 0.4), color: plainly(12, 12, 14)}, "done"},
		{"jewellery", setting{ground: offWhite, shadow: 0.15, product: ring, color: gold}, "done"},
		{"white already", setting{ground: [3]float64{255, 255, 255}, product: disc(0.6), color: cat}, ""},
		{"a grey ground", setting{ground: [3]float64{205, 205, 204}, product: disc(0.6), color: cat}, "rather grey"},
		{"a dark ground", setting{ground: [3]float64{60, 60, 62}, product: disc(0.6), color: cat}, ""},
		{"a pastel ground", setting{ground: [3]float64{245, 232, 236}, product: disc(0.6), color: cat}, "a colour of its own"},
		{"a white product on grey white", setting{ground: [3]float64{228, 228, 226}, product: disc(0.6), color: plainly(252, 252, 250)}, "nearly white"},
		{"a glass", setting{ground: offWhite, product: box(0.36, 0.56), color: glass}, "transparent"},
		{"a subject that is cut", setting{ground: offWhite, product: cut, color: cat}, "the frame cuts"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.s.noise = 1; test.name == "white already" {
				test.s.noise = 0
			}
			g := GroundOf(compose(400, 300, test.s).p)
			step := DecideCleaning(g, 12, false)
			got := step.Veto
			if step.Strength > 0 && step.Veto == "" {
				got = "done"
			}
			if test.want == "" && got != "" || test.want == "done" && got != "done" || !strings.Contains(got, test.want) {
				t.Errorf("%q, want %q: %+v, border %v, confidence %.2f, pale %.2f, alike %.2f %s", got, test.want,
					step, g.Border, g.Mask.Confidence, g.Mask.Pale, g.Mask.Alike, g.Not)
			}
		})
	}
}
