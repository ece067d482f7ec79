package enhance

import (
	"fmt"
	"math"

	"burnish/imaging"
)

// When a ground is made white.
const (
	whiteGroundLevel = 248.0 // levels from which it is white enough: 97.6 in L*
	mostTint         = 5.0   // chroma in CIELAB: more is a colour that was chosen, or a cast
	leastTrust       = 0.9   // confidence in the mask
	leastCorner      = 0.5   // share of every side that shows the ground: what the frame cuts is no packshot
	mostPale         = 0.2   // share of the outline that would be lost in white
	mostAlike        = 0.3   // share of the product that would be left off-white in front of white
)

// DecideCleaning says whether an off-white ground is to be made white, and that by at most so much in
// CIE L*. The step's name is empty where nothing calls for it: there is no plain ground, or it is white
// already, or far from it. Strength is the L* that the ground's darkest part gains.
func DecideCleaning(g Ground, most float64, transparent bool) (step imaging.Step) {
	if !g.Plain() || most <= 0 {
		return step
	}
	dark, lack, tinted := g.darkest()
	if lack == 0 || 100-dark.L > 30 {
		return step
	}
	step = imaging.Step{
		Name: "background",
		Why:  fmt.Sprintf("made white, %+.1f L*: it is plain and off-white, down to L* %.0f", 100-dark.L, dark.L),
	}
	whole := min(g.Border[0], g.Border[1], g.Border[2], g.Border[3])
	switch {
	case transparent:
		step.Veto = "the photo has transparent pixels: its background is whatever lies below"
	case 100-dark.L > most:
		step.Veto = fmt.Sprintf("more than the recipe's %.0f: rather grey than off-white", most)
	case tinted > mostTint:
		step.Veto = fmt.Sprintf("it has a colour of its own: chroma %.0f", tinted)
	case g.Mask.Confidence < leastTrust:
		step.Veto = fmt.Sprintf("where the product ends is not sure enough: confidence %.2f", g.Mask.Confidence)
	case whole < leastCorner:
		step.Veto = "the frame cuts the subject: it may be a scene or a portrait"
	case g.Mask.Pale > mostPale:
		step.Veto = fmt.Sprintf("%.0f %% of the product's outline is nearly white, and would be lost", 100*g.Mask.Pale)
	case g.Mask.Alike > mostAlike:
		step.Veto = fmt.Sprintf("%.0f %% of the product is as its ground: it may be transparent, or white", 100*g.Mask.Alike)
	default:
		step.Strength = rounded(100 - dark.L)
	}
	return step
}

// darkest is the ground's colour where it is darkest, at nine places, by how many levels any band
// lacks of white anywhere, and its strongest chroma.
func (g Ground) darkest() (dark Lab, lack, tinted float64) {
	dark.L = 100
	for _, v := range []float64{-0.95, 0, 0.95} {
		for _, u := range []float64{-0.95, 0, 0.95} {
			c := g.Surface.At(u, v)
			lab := LabOf(level(c[0]), level(c[1]), level(c[2]))
			if lab.L < dark.L {
				dark = lab
			}
			tinted = max(tinted, length(lab.A, lab.B))
			if least := min(c[0], c[1], c[2]); least < whiteGroundLevel {
				lack = max(lack, 255-least)
			}
		}
	}
	return dark, lack, tinted
}

func level(x float64) uint8 { return uint8(math.Round(max(0, min(255, x)))) }

// Analysis is what a result tells of a ground.
func (g Ground) Analysis() imaging.Ground {
	c := g.Surface.At(0, 0)
	return imaging.Ground{
		Not: g.Not, Color: imaging.Color{R: level(c[0]), G: level(c[1]), B: level(c[2])},
		Noise: rounded(g.Noise), Border: g.Border, Confidence: g.Mask.Confidence,
	}
}
