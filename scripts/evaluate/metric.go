package main

import (
	"math"

	"burnish/imaging/enhance"
)

// meanDeltaE is the mean colour difference (ΔE2000) of every third pixel.
func meanDeltaE(a, b picture) float64 {
	sum, n := 0.0, 0
	for i := 0; i+2 < len(a.pix); i += 9 {
		n++
		if a.pix[i] == b.pix[i] && a.pix[i+1] == b.pix[i+1] && a.pix[i+2] == b.pix[i+2] {
			continue
		}
		sum += enhance.DeltaE2000(enhance.LabOf(a.pix[i], a.pix[i+1], a.pix[i+2]), enhance.LabOf(b.pix[i], b.pix[i+1], b.pix[i+2]))
	}
	return sum / float64(max(1, n))
}

// ssim is the mean structural similarity of two pictures' luma, from -1 to 1, over Gaussian windows
// of 11 × 11 pixels and σ 1.5: Wang, Bovik, Sheikh and Simoncelli, "Image Quality Assessment: From
// Error Visibility to Structural Similarity", IEEE Transactions on Image Processing 13 (2004).
func ssim(a, b picture) float64 {
	const c1, c2 = (0.01 * 255) * (0.01 * 255), (0.03 * 255) * (0.03 * 255)
	x, y := luma(a), luma(b)
	kernel := gaussian(1.5, 5)
	mean := func(of func(i int) float64) []float64 {
		plane := make([]float64, len(x))
		for i := range plane {
			plane[i] = of(i)
		}
		return convolve(plane, a.width, a.height, kernel)
	}
	mx, my := mean(func(i int) float64 { return x[i] }), mean(func(i int) float64 { return y[i] })
	xx, yy := mean(func(i int) float64 { return x[i] * x[i] }), mean(func(i int) float64 { return y[i] * y[i] })
	xy := mean(func(i int) float64 { return x[i] * y[i] })
	sum := 0.0
	for i := range mx {
		vx, vy, cov := xx[i]-mx[i]*mx[i], yy[i]-my[i]*my[i], xy[i]-mx[i]*my[i]
		sum += (2*mx[i]*my[i] + c1) * (2*cov + c2) / ((mx[i]*mx[i] + my[i]*my[i] + c1) * (vx + vy + c2))
	}
	return sum / float64(len(mx))
}

// luma is that of BT.601, in levels.
func luma(p picture) []float64 {
	out := make([]float64, p.width*p.height)
	for i := range out {
		out[i] = 0.299*float64(p.pix[3*i]) + 0.587*float64(p.pix[3*i+1]) + 0.114*float64(p.pix[3*i+2])
	}
	return out
}

// gaussian is a kernel of 2 × reach + 1 weights that add up to 1.
func gaussian(sigma float64, reach int) []float64 {
	kernel, sum := make([]float64, 2*reach+1), 0.0
	for i := range kernel {
		d := float64(i - reach)
		kernel[i] = math.Exp(-d * d / (2 * sigma * sigma))
		sum += kernel[i]
	}
	for i := range kernel {
		kernel[i] /= sum
	}
	return kernel
}

// convolve blurs a plane along both axes; its edge is repeated.
func convolve(plane []float64, width, height int, kernel []float64) []float64 {
	reach := len(kernel) / 2
	along := func(in []float64, at func(line, i int) int, lines, length int) []float64 {
		out := make([]float64, len(in))
		for line := range lines {
			for i := range length {
				sum := 0.0
				for k, w := range kernel {
					sum += w * in[at(line, min(length-1, max(0, i+k-reach)))]
				}
				out[at(line, i)] = sum
			}
		}
		return out
	}
	rows := along(plane, func(y, x int) int { return y*width + x }, height, width)
	return along(rows, func(x, y int) int { return y*width + x }, width, height)
}
