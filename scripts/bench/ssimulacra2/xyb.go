package ssimulacra2

import "math"

// linear maps an 8-bit sRGB value to light, IEC 61966-2-1.
var linear = func() (t [256]float32) {
	for i := range t {
		v := float64(i) / 255
		if v <= 0.04045 {
			t[i] = float32(v / 12.92)
		} else {
			t[i] = float32(math.Pow((v+0.055)/1.055, 2.4))
		}
	}
	return t
}()

// pyramid calls visit for each scale with the picture in X, Y and B, each shifted into about
// 0 to 1. Halving is done in linear light.
func pyramid(p Picture, visit func(w, h int, img [3][]float32)) {
	w, h := p.Width, p.Height
	rgb := [3][]float32{make([]float32, w*h), make([]float32, w*h), make([]float32, w*h)}
	for i := range w * h {
		rgb[0][i] = linear[p.Pix[3*i]]
		rgb[1][i] = linear[p.Pix[3*i+1]]
		rgb[2][i] = linear[p.Pix[3*i+2]]
	}
	for s := range scales {
		if w < minSide || h < minSide {
			return
		}
		if s > 0 {
			for c := range rgb {
				rgb[c] = halve(rgb[c], w, h)
			}
			w, h = (w+1)/2, (h+1)/2
		}
		visit(w, h, xyb(rgb))
	}
}

// halve averages 2×2 pixels; the last column and row are repeated where the size is odd.
func halve(in []float32, w, h int) []float32 {
	ow, oh := (w+1)/2, (h+1)/2
	out := make([]float32, ow*oh)
	for y := range oh {
		top := in[2*y*w:][:w]
		bottom := in[min(2*y+1, h-1)*w:][:w]
		row := out[y*ow:][:ow]
		for x := range row {
			x0, x1 := 2*x, min(2*x+1, w-1)
			row[x] = (top[x0] + top[x1] + bottom[x0] + bottom[x1]) * 0.25
		}
	}
	return out
}

// xyb turns linear sRGB into JPEG XL's XYB: the opsin absorbance matrix, its bias, a cube
// root, then X = (L−M)/2, Y = (L+M)/2, B = S; SSIMULACRA 2.1 scales and shifts the three.
func xyb(rgb [3][]float32) [3][]float32 {
	const bias = 0.0037930732552754493
	cbrtBias := float32(math.Cbrt(bias))
	n := len(rgb[0])
	out := [3][]float32{make([]float32, n), make([]float32, n), make([]float32, n)}
	red, green, blue := rgb[0][:n], rgb[1][:n], rgb[2][:n]
	xs, ys, bs := out[0][:n], out[1][:n], out[2][:n]
	for i := range n {
		r, g, b := red[i], green[i], blue[i]
		l := cbrt(0.30*r+0.622*g+0.078*b+bias) - cbrtBias
		m := cbrt(0.23*r+0.692*g+0.078*b+bias) - cbrtBias
		s := cbrt(0.24342268924547819*r+0.20476744424496821*g+0.55180986650955360*b+bias) - cbrtBias
		x, y := (l-m)/2, (l+m)/2
		xs[i] = x*14 + 0.42
		ys[i] = y + 0.01
		bs[i] = s - y + 0.55
	}
	return out
}

// cbrt is the cube root of a positive normal number, to float32's precision: a first guess
// from the exponent's bits (5 % off), then two steps of Halley's method.
func cbrt(v float32) float32 {
	x := float64(v)
	y := float64(math.Float32frombits(math.Float32bits(v)/3 + 709921077))
	for range 2 {
		c := y * y * y
		y *= (c + 2*x) / (2*c + x)
	}
	return float32(y)
}
