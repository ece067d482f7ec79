package enhance

import "math"

// Adjustment is what is done to each pixel of a photo by its colour alone. The zero value leaves
// every pixel as it is. Its parts are applied in linear light, in their order here.
type Adjustment struct {
	Matrix Matrix // of colour
	Tone   Tone   // of luminance
}

// Identity reports whether the adjustment changes nothing.
func (a Adjustment) Identity() bool { return a == Adjustment{} }

// Matrix takes linear R, G, B to linear R, G, B, row by row. The zero value stands for the one that
// changes nothing.
type Matrix [3][3]float64

// Coefficients are the matrix as it is applied.
func (m Matrix) Coefficients() [3][3]float64 {
	if m == (Matrix{}) {
		return [3][3]float64{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}
	}
	return m
}

// then is the matrix that does what m does, and after it what next does.
func (m Matrix) then(next Matrix) (both Matrix) {
	if m == (Matrix{}) {
		return next
	}
	if next == (Matrix{}) {
		return m
	}
	for row := range both {
		for column := range both[row] {
			for i := range m {
				both[row][column] += next[row][i] * m[i][column]
			}
		}
	}
	return both
}

// Tone is a curve of luminance in two parts, exposure and then levels. Colour differences follow
// it, so that hue stays.
type Tone struct {
	// EV is exposure: luminance and colour differences are multiplied by 2^EV, as more light would.
	EV float64

	// White is the luminance that becomes 1, counted after exposure: what lies between knee and White
	// is compressed to end there. Up to 1, nothing is.
	White float64

	// Levels stretch contrast: luminance as sRGB codes it, 0 to 1, is multiplied by Slope and Offset
	// is added. A Slope of 0 stands for none. Colour differences grow by the slope where they are, as
	// they would if R, G and B were stretched.
	Slope, Offset float64
}

// At is where the curve takes a luminance, both linear from 0 to 1, and by how much it multiplies
// the difference of each of R, G and B from the luminance.
func (t Tone) At(y float64) (light, chroma float64) {
	gain := math.Exp2(t.EV)
	light, chroma = y*gain, gain
	if rolled := shoulder(light, t.White); rolled < light {
		chroma *= rolled / light
		light = rolled
	}
	light = min(1, light)
	if t.Slope != 0 {
		from := coded(light)
		to := max(0, min(1, t.Slope*from+t.Offset))
		light = decoded(to)
		chroma *= t.Slope * steepness(to) / steepness(from)
	}
	return light, chroma
}

// knee is the luminance from which highlights are compressed rather than cut.
const knee = 0.7

// shoulder compresses luminances between knee and white to end at 1, and leaves those below. Both
// ends meet smoothly: it is the curve of Reinhard, Stark, Shirley and Ferwerda, "Photographic tone
// reproduction for digital images" (2002), equation 4, begun at the knee.
func shoulder(y, white float64) float64 {
	if y <= knee || white <= 1 {
		return y
	}
	t, end := (y-knee)/(1-knee), (white-knee)/(1-knee)
	return min(1, knee+(1-knee)*t*(1+t/(end*end))/(1+t))
}

// coded is how sRGB (IEC 61966-2-1) codes linear light; both are 0 to 1.
func coded(y float64) float64 {
	if y <= 0.0031308 {
		return 12.92 * y
	}
	return 1.055*math.Pow(y, 1/2.4) - 0.055
}

// decoded inverts coded.
func decoded(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

// steepness is the derivative of decoded.
func steepness(v float64) float64 {
	if v <= 0.04045 {
		return 1 / 12.92
	}
	return 2.4 / 1.055 * math.Pow((v+0.055)/1.055, 1.4)
}
