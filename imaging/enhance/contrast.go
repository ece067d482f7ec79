package enhance

import (
	"fmt"

	"burnish/imaging"
)

// A flat photo has neither black nor white: 90 good photos all have one of them but for a wall of
// bricks and a grey ground, and compressed to 70 % of their range, 82 have neither.
const (
	flatBlack = 12.0 // L*: 1.4 % of white
	flatWhite = 89.0 // L*: 74 % of white

	greyBlack = 27.0 // L*: from here on the subject may have no black
)

// Where the levels of a stretched photo end, as sRGB codes them.
const (
	wantedBlack = 0.03
	safeBlack   = 0.05 // where highlights do not tell that it was flattened
)

// decideContrast spreads a photo that has neither black nor white. The step's name is empty where
// nothing calls for one.
func decideContrast(e imaging.Exposure, most float64) (step imaging.Step, slope, offset float64) {
	dim := e.White <= dimWhite
	if most <= 0 || e.Black < flatBlack || e.White > flatWhite || e.White < deepWhite || dim && e.White-e.Bright < 0.3 {
		return imaging.Step{}, 0, 0
	}
	slope, fixed := levels(e)
	if slope < 1.05 {
		return imaging.Step{}, 0, 0
	}
	step = imaging.Step{
		Name: "contrast",
		Why: fmt.Sprintf("%+.0f %%: its darkest is %.1f %% of white and its lightest %.0f %%",
			100*(slope-1), 100*luminanceOf(e.Black), 100*luminanceOf(e.White)),
	}
	switch {
	case dim:
		step.Veto = "it is dim as well, so it may be mist or dusk"
	case !clipped(e) && e.Black > greyBlack:
		step.Veto = "it may show a grey thing: nothing tells that it was flattened"
	case slope > 1+most:
		step.Veto = fmt.Sprintf("more than the recipe's %.0f %%", 100*most)
	default:
		step.Strength = rounded(slope - 1)
		return step, slope, fixed * (1 - slope)
	}
	return step, 0, 0
}

// levels is by how much coded luminance is stretched, and what stays where it is. Where highlights
// were clipped, white becomes white, half way between keeping the middle and making the darkest
// black, since the subject need not have black; else white rises half as much as black sinks.
func levels(e imaging.Exposure) (slope, fixed float64) {
	black, white := coded(luminanceOf(e.Black)), coded(luminanceOf(e.White))
	if clipped(e) {
		slope = (1 - wantedBlack) / (white - black)
		return slope, (0.5 + (wantedBlack-slope*black)/(1-slope)) / 2
	}
	slope = (min(1, white+(black-safeBlack)/2) - safeBlack) / (white - black)
	return slope, (safeBlack - slope*black) / (1 - slope)
}
