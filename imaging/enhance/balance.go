package enhance

import (
	"fmt"
	"math"

	"burnish/imaging"
)

// When a background is trusted to be white or grey under coloured light.
const (
	leastEven  = 0.8  // share of the border that is alike
	leastLight = 62.0 // L*: in the dark a cast is not seen, and a tint as likely
	leastCast  = 4.0  // chroma in CIELAB: paper and lamps are seldom nearer to grey
	lighter    = 6    // levels by which anything may be lighter than a white background in R, G or B
	sameTint   = 0.5  // share of the background's tint that what is lighter has to have
)

// decideBalance makes a tinted even background neutral, where all else speaks for coloured light as
// well: nothing is lighter in any of R, G and B, or what is lighter has the same tint. A pastel
// background shows a highlight, a label or a rim that is lighter in the band that it lacks.
func decideBalance(a imaging.Analysis, most float64) (step imaging.Step, m Matrix) {
	c := a.Background.Color
	lab := LabOf(c.R, c.G, c.B)
	cast := length(lab.A, lab.B)
	if most <= 0 || a.Background.Evenness < leastEven || cast < leastCast || min(c.R, c.G, c.B) == 0 {
		return imaging.Step{}, Matrix{}
	}
	step = imaging.Step{
		Name: "white_balance",
		Why:  fmt.Sprintf("the background is even and %s: %v, chroma %.0f", tint(lab), c, cast),
	}
	switch {
	case lab.L < leastLight:
		step.Veto = "it is too dark to tell a cast from a colour"
	case cast > most:
		step.Veto = fmt.Sprintf("more than the recipe's %.0f: rather a colour than a cast", most)
	case !tinted(a.Lightest, c):
		step.Veto = "what is lighter than the background has not its tint, so the background has a colour of its own"
	default:
		step.Strength = rounded(cast)
		return step, neutral(c)
	}
	return step, Matrix{}
}

// tinted reports whether the lightest levels of a photo are in the same light as its background.
func tinted(lightest, background imaging.Color) bool {
	l := [3]uint8{lightest.R, lightest.G, lightest.B}
	b := [3]uint8{background.R, background.G, background.B}
	for c := range 3 {
		if int(l[c]) <= int(b[c])+lighter {
			continue
		}
		own := math.Log(linear[max(b[0], b[1], b[2])] / linear[b[c]])
		its := math.Log(linear[max(l[0], l[1], l[2])] / linear[l[c]])
		if its < sameTint*own-0.03 { // two levels near white
			return false
		}
	}
	return true
}

// neutral multiplies linear R, G and B so that a colour becomes grey: as light as its brightest band
// where that is at its end, since light was cut off there, else of the same luminance.
func neutral(c imaging.Color) Matrix {
	r, g, b := linear[c.R], linear[c.G], linear[c.B]
	to := 0.2126*r + 0.7152*g + 0.0722*b
	if max(c.R, c.G, c.B) >= 250 {
		to = max(r, g, b)
	}
	return Matrix{{to / r, 0, 0}, {0, to / g, 0}, {0, 0, to / b}}
}

// tint names a hue by the nearest of CIELAB's axes.
func tint(lab Lab) string {
	names := []string{"reddish", "yellowish", "greenish", "bluish"}
	return names[int(math.Round(hue(lab.A, lab.B)/90))%4]
}
