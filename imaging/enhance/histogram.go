package enhance

import "math"

// histogram counts pixels by a value of 8 bits that is coded as sRGB codes a grey.
type histogram struct {
	count [256]int
	total int
}

// histograms count a picture's luminance and its brightest channels. Luminance is BT.709's, taken
// of the coded values as video does: within two levels of the true one for all but saturated colours.
func histograms(p Picture) (light, brightest histogram) {
	for i := 0; i+2 < len(p.Pix); i += 3 {
		r, g, b := p.Pix[i], p.Pix[i+1], p.Pix[i+2]
		light.count[(54*int(r)+183*int(g)+19*int(b)+128)>>8]++
		brightest.count[max(r, g, b)]++
	}
	light.total, brightest.total = len(p.Pix)/3, len(p.Pix)/3
	return light, brightest
}

// level is the smallest level at or below which a share of the pixels lies.
func (h histogram) level(share float64) uint8 {
	wanted := int(math.Ceil(share * float64(h.total)))
	for level, n := range h.count {
		if wanted -= n; wanted <= 0 {
			return uint8(level)
		}
	}
	return 255
}

// lightness is CIE L* at a share of the pixels.
func (h histogram) lightness(share float64) float64 {
	v := h.level(share)
	return LabOf(v, v, v).L
}

// share is how much of the pixels have a level from low to high, 0 to 1.
func (h histogram) share(low, high int) float64 {
	sum := 0
	for _, n := range h.count[low : high+1] {
		sum += n
	}
	return float64(sum) / float64(max(1, h.total))
}

// luminanceOf inverts CIE L*: linear, white is 1.
func luminanceOf(lightness float64) float64 {
	if lightness <= 8 {
		return lightness * 27 / 24389
	}
	t := (lightness + 16) / 116
	return t * t * t
}
