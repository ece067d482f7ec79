package enhance

import (
	"fmt"

	"burnish/imaging"
)

// Colourfulness below which a photo is nearly grey, and from which it is not dull. On the scale of
// Hasler and Süsstrunk 15 is slightly and 33 moderately colourful.
const (
	nearlyGrey = 8.0
	dull       = 24.0
)

// decideSaturation raises the colours of a photo that is somewhat dull to where it is no more. What
// would take more than the recipe allows is left alone: so muted, a photo is meant to be. Differences
// from luminance grow alike, so hues stay, and skin, which is seldom all of a photo, within most.
func decideSaturation(a imaging.Analysis, most float64) (step imaging.Step, m Matrix) {
	c := a.Colourfulness
	if most <= 0 || c < nearlyGrey || c >= dull*0.98 {
		return imaging.Step{}, Matrix{}
	}
	factor := dull / c
	step = imaging.Step{Name: "saturation", Why: fmt.Sprintf("%+.0f %%: a colourfulness of %.0f is dull", 100*(factor-1), c)}
	if factor > 1+most {
		step.Veto = fmt.Sprintf("more than the recipe's %.0f %%: rather muted than dull", 100*most)
		return step, Matrix{}
	}
	step.Strength = rounded(factor - 1)
	return step, saturated(factor)
}

// saturated multiplies differences from luminance.
func saturated(factor float64) (m Matrix) {
	luminance := [3]float64{0.2126, 0.7152, 0.0722}
	for row := range m {
		for column, y := range luminance {
			m[row][column] = (1 - factor) * y
		}
		m[row][row] += factor
	}
	return m
}
