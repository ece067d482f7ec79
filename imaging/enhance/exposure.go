package enhance

import (
	"fmt"
	"math"

	"burnish/imaging"
)

// Shares of the pixels at which lightness is measured. The ends are left to specks.
const (
	darkShare  = 0.05
	lightShare = 0.95
	whiteShare = 0.995
)

// exposure measures how light the picture is.
func exposure(h histogram) imaging.Exposure {
	return imaging.Exposure{
		Dark:   h.lightness(darkShare),
		Middle: h.lightness(0.5),
		Light:  h.lightness(lightShare),
		White:  h.lightness(whiteShare),
	}
}

// histogram counts pixels by luminance, coded as sRGB codes a grey: 0 to 255.
type histogram struct {
	count [256]int
	total int
}

// histogramOf counts the luminance of BT.709, taken of the coded values as video does: within two
// levels of the true one for all but saturated colours.
func histogramOf(p Picture) (h histogram) {
	for i := 0; i+2 < len(p.Pix); i += 3 {
		h.count[(54*int(p.Pix[i])+183*int(p.Pix[i+1])+19*int(p.Pix[i+2])+128)>>8]++
	}
	h.total = len(p.Pix) / 3
	return h
}

// level is the smallest level at or below which a share of the pixels lies.
func (h histogram) level(share float64) int {
	wanted := int(math.Ceil(share * float64(h.total)))
	for level, n := range h.count {
		if wanted -= n; wanted <= 0 {
			return level
		}
	}
	return 255
}

// lightness is CIE L* at a share of the pixels.
func (h histogram) lightness(share float64) float64 {
	v := uint8(h.level(share))
	return LabOf(v, v, v).L
}

// luminanceOf inverts CIE L*: linear, white is 1.
func luminanceOf(lightness float64) float64 {
	if lightness <= 8 {
		return lightness * 27 / 24389
	}
	t := (lightness + 16) / 116
	return t * t * t
}

// leastEV is the change of exposure below which a photo keeps its own.
const leastEV = 0.3

// decideExposure brightens a photo in which nothing is bright.
func decideExposure(e imaging.Exposure, most float64) (imaging.Step, Tone) {
	white := luminanceOf(e.White)
	if most <= 0 || white <= 0 {
		return imaging.Step{}, Tone{}
	}
	ev := min(most, -math.Log2(white))
	if ev < leastEV {
		return imaging.Step{}, Tone{}
	}
	step := imaging.Step{
		Name: "exposure",
		Why:  fmt.Sprintf("%+.1f EV: the lightest of it is %.0f %% of white", ev, 100*white),
	}
	if e.Dark < 5 {
		step.Veto = "it has true black, as night scenes and dark products have"
		return step, Tone{}
	}
	step.Strength = ev
	return step, Tone{EV: ev}
}
