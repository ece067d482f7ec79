package enhance

import (
	"math"

	"burnish/imaging"
)

// histogram counts pixels by a value of 8 bits that is coded as sRGB codes a grey.
type histogram struct {
	count [256]int
	total int
}

// counted are a picture's pixels counted by several values at once.
type counted struct {
	light     histogram    // luminance: BT.709's, taken of the coded values as video does, within two levels for all but saturated colours
	brightest histogram    // of R, G and B
	bands     [3]histogram // R, G, B
}

func count(p Picture) (c counted) {
	for i := 0; i+2 < len(p.Pix); i += 3 {
		r, g, b := p.Pix[i], p.Pix[i+1], p.Pix[i+2]
		c.light.count[(54*int(r)+183*int(g)+19*int(b)+128)>>8]++
		c.brightest.count[max(r, g, b)]++
		c.bands[0].count[r]++
		c.bands[1].count[g]++
		c.bands[2].count[b]++
	}
	n := len(p.Pix) / 3
	c.light.total, c.brightest.total = n, n
	for i := range c.bands {
		c.bands[i].total = n
	}
	return c
}

// lightest is the level that nearly all pixels do not exceed in each band.
func (c counted) lightest() imaging.Color {
	const share = 0.999
	return imaging.Color{R: c.bands[0].level(share), G: c.bands[1].level(share), B: c.bands[2].level(share)}
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
