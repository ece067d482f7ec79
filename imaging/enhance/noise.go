package enhance

import (
	"fmt"

	"burnish/imaging"
)

const (
	leastNoise = 2.0 // levels: less is not seen at the size of a variant

	// Noise is everywhere alike, texture is not: of 90 photos with noise added, of a standard deviation
	// of 10 levels, the median block has 1.15 times that of the least noisy tenth; of textures, 1.3 and more.
	mostUneven = 1.25
)

// decideNoise averages noise away, in proportion to it.
func decideNoise(a imaging.Analysis, most float64) (step imaging.Step, sigma float64) {
	noise := a.Detail.Noise
	if most <= 0 || noise < leastNoise {
		return imaging.Step{}, 0
	}
	step = imaging.Step{
		Name: "denoise",
		Why:  fmt.Sprintf("noise of %.1f levels where the photo is smoothest", noise),
	}
	switch {
	case a.Detail.Texture > mostUneven*noise:
		step.Veto = fmt.Sprintf("it is uneven, %.1f levels in half of the photo, so it is texture", a.Detail.Texture)
	case noise > most:
		step.Veto = fmt.Sprintf("more than the recipe's %.1f: averaging so much would smear", most)
	default:
		step.Strength = rounded(noise)
		return step, noise
	}
	return step, 0
}
