package enhance

import "math"

// Colourfulness is the measure M3 of Hasler and Süsstrunk, "Measuring colourfulness in natural
// images", Human Vision and Electronic Imaging VIII (2003), on 8-bit sRGB: 0 for greys, 15 is
// slightly colourful, 33 moderately, 59 quite, 109 extremely.
func Colourfulness(p Picture) float64 {
	n := len(p.Pix) / 3
	if n == 0 {
		return 0
	}
	var rg, yb, rg2, yb2 int64
	for i := 0; i+2 < len(p.Pix); i += 3 {
		r, g, b := int64(p.Pix[i]), int64(p.Pix[i+1]), int64(p.Pix[i+2])
		d, e := r-g, r+g-2*b // twice yellow less blue
		rg, yb, rg2, yb2 = rg+d, yb+e, rg2+d*d, yb2+e*e
	}
	m := float64(n)
	meanRG, meanYB := float64(rg)/m, float64(yb)/m/2
	variance := float64(rg2)/m - meanRG*meanRG + float64(yb2)/m/4 - meanYB*meanYB
	return math.Sqrt(max(0, variance)) + 0.3*math.Hypot(meanRG, meanYB)
}
