package vips

import (
	"math"
	"testing"

	"burnish/imaging"
)

// sharpened gives the luminance of a variant of the photo at an amount.
func sharpened(t *testing.T, e *Engine, amount float64) (light []float64, width int) {
	t.Helper()
	r := exact(fixture(t, "coffee.png"), 300)
	r.Enhance.Sharpen = amount
	v := process(t, e, r).Variants[0]
	img := decodeJPEG(t, v.Data)
	for y := range v.Height {
		for x := range v.Width {
			r, g, b, _ := img.At(x, y).RGBA()
			light = append(light, 0.2126*float64(r>>8)+0.7152*float64(g>>8)+0.0722*float64(b>>8))
		}
	}
	return light, v.Width
}

// More sharpening is more contrast between neighbours, step by step, and never a halo: no pixel
// leaves the range of its unsharpened neighbourhood by more than the allowance.
func TestSharpeningIsMonotoneAndBounded(t *testing.T) {
	e := engine(t)
	plain, width := sharpened(t, e, 0)
	last := 0.0
	for _, amount := range []float64{0, 0.25, 0.5, 1, 2} {
		light, _ := sharpened(t, e, amount)
		contrast, mean, over := 0.0, 0.0, 0.0
		for i := width + 1; i < len(light)-width-1; i++ {
			contrast += math.Abs(light[i] - light[i-1])
			mean += light[i] - plain[i]
			low, high := 255.0, 0.0
			for _, j := range []int{-width - 1, -width, -width + 1, -1, 0, 1, width - 1, width, width + 1} {
				low, high = min(low, plain[i+j]), max(high, plain[i+j])
			}
			over = max(over, low-light[i], light[i]-high)
		}
		if contrast < last*1.02 {
			t.Errorf("contrast at %g is %.0f, at less it was %.0f", amount, contrast, last)
		}
		last = contrast
		if over > 5+4 { // the allowance, and JPEG's rounding of three planes
			t.Errorf("at %g a pixel is %.1f beyond its neighbourhood", amount, over)
		}
		if math.Abs(mean/float64(len(light))) > 0.5 {
			t.Errorf("at %g the photo changes by %.2f levels", amount, mean/float64(len(light)))
		}
	}
}

// Each size is sharpened on its own: what the larger one got must not reach the smaller, so that
// sharpening adds as much contrast below a larger variant as without one.
func TestSharpeningDoesNotPileUp(t *testing.T) {
	e := engine(t)
	raised := func(widths ...int) float64 {
		contrast := func(amount float64) (sum float64) {
			r := exact(fixture(t, "coffee.png"), 150)
			r.Variants.Widths = widths
			r.Enhance.Sharpen = amount
			img := decodeJPEG(t, variant(t, process(t, e, r), imaging.JPEG, "150").Data)
			for y := range 100 {
				for x := range 149 {
					_, g, _, _ := img.At(x, y).RGBA()
					_, h, _, _ := img.At(x+1, y).RGBA()
					sum += math.Abs(float64(g>>8) - float64(h>>8))
				}
			}
			return sum
		}
		return contrast(2) / contrast(0)
	}
	alone, below := raised(150), raised(150, 170, 200, 250, 300)
	if alone < 1.1 || math.Abs(below-alone) > 0.05*alone {
		t.Errorf("contrast is raised %.3f times alone, %.3f times below larger variants", alone, below)
	}
}

// A photo at its own size was not downscaled, and is not sharpened.
func TestFullSizeIsNotSharpened(t *testing.T) {
	e := engine(t)
	r := exact(fixture(t, "chelsea.png"), 451)
	plain := process(t, e, r).Variants[0].Data
	r.Enhance.Sharpen = 2
	if got := process(t, e, r).Variants[0].Data; string(got) != string(plain) {
		t.Error("it was")
	}
}

// Sharpening is of luminance: alpha stays as it is.
func TestSharpeningLeavesAlpha(t *testing.T) {
	r := catalogue(fixture(t, "alpha.png"))
	r.Variants.Widths = []int{24}
	r.Variants.JPEG, r.Variants.AVIF = nil, nil
	r.Variants.WebP.Quality = 100
	e := engine(t)
	pix := func(amount float64) []byte {
		r.Enhance.Sharpen = amount
		p, _ := decoded(t, imaging.WebP, process(t, e, r).Variants[0].Data)
		return p
	}
	plain, sharp := pix(0), pix(2)
	for i := 3; i < len(plain); i += 4 {
		if plain[i] != sharp[i] {
			t.Fatalf("alpha changes at %d from %d to %d", i/4, plain[i], sharp[i])
		}
	}
}
