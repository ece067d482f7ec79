package guard

import "math"

// Transform takes places in the original to places in the edit, both in pixels from the upper left
// corner: u = T[0][0]x + T[0][1]y + T[0][2], v = T[1][0]x + T[1][1]y + T[1][2].
type Transform [2][3]float64

// Apply is where a place of the original lies in the edit.
func (t Transform) Apply(x, y float64) (u, v float64) {
	return t[0][0]*x + t[0][1]*y + t[0][2], t[1][0]*x + t[1][1]*y + t[1][2]
}

// Scale is by how much lengths grow, the mean of all directions.
func (t Transform) Scale() float64 {
	return math.Sqrt(math.Abs(t[0][0]*t[1][1] - t[0][1]*t[1][0]))
}

// Rotation is the turn in degrees, clockwise as pictures are seen.
func (t Transform) Rotation() float64 {
	return math.Atan2(t[1][0]-t[0][1], t[0][0]+t[1][1]) * 180 / math.Pi
}

// Stretch is by how much lengths grow more in one direction than in another: the ratio of the
// singular values less 1. A similarity has 0.
func (t Transform) Stretch() float64 {
	a, b, c, d := t[0][0], t[0][1], t[1][0], t[1][1]
	p, q := math.Hypot(a+d, c-b), math.Hypot(a-d, c+b) // sum and difference of the singular values
	if p <= q {
		return math.Inf(1) // mirrored, or flat
	}
	return (p+q)/(p-q) - 1
}

// then is t followed by s.
func (t Transform) then(s Transform) Transform {
	var out Transform
	for i := range out {
		for j := range out[i] {
			out[i][j] = s[i][0]*t[0][j] + s[i][1]*t[1][j]
		}
		out[i][2] += s[i][2]
	}
	return out
}

// inverse undoes a transform that is not flat.
func (t Transform) inverse() Transform {
	det := t[0][0]*t[1][1] - t[0][1]*t[1][0]
	a, b, c, d := t[1][1]/det, -t[0][1]/det, -t[1][0]/det, t[0][0]/det
	return Transform{{a, b, -a*t[0][2] - b*t[1][2]}, {c, d, -c*t[0][2] - d*t[1][2]}}
}

// scaled scales and then moves.
func scaled(s, x, y float64) Transform { return Transform{{s, 0, x}, {0, s, y}} }
