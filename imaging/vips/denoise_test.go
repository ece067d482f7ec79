package vips

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"testing"
)

// withNoise adds Gaussian noise of a standard deviation, in 8-bit levels, to every sample.
func withNoise(t *testing.T, source []byte, sigma float64) []byte {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	noisy := func(v uint32) uint8 {
		return uint8(max(0, min(255, math.Round(float64(v>>8)+sigma*random.NormFloat64()))))
	}
	out := image.NewNRGBA(img.Bounds())
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			r, g, b, _ := img.At(x, y).RGBA()
			out.Set(x, y, color.NRGBA{noisy(r), noisy(g), noisy(b), 255})
		}
	}
	var coded bytes.Buffer
	if err := png.Encode(&coded, out); err != nil {
		t.Fatal(err)
	}
	return coded.Bytes()
}

// Noise goes in proportion, and does not come back to be averaged again.
func TestNoiseIsAveragedAway(t *testing.T) {
	e := engine(t)
	good := degraded(t, "chelsea.png", asItIs)
	truth, _ := png.Decode(bytes.NewReader(good))
	for _, sigma := range []float64{6, 12} {
		source := withNoise(t, good, sigma)
		noisy, _ := png.Decode(bytes.NewReader(source))
		result, once := enhanced(t, e, source)
		if len(result.Steps) != 1 || result.Steps[0].Name != "denoise" || result.Steps[0].Veto != "" {
			t.Fatalf("%+v", result.Steps)
		}
		// Luminance has 0.74 of the noise of three samples that are independent.
		if got := result.Analysis.Detail.Noise; math.Abs(got-0.72*sigma) > 0.12*sigma {
			t.Errorf("noise of %g is measured as %.2f", sigma, got)
		}
		before, after := difference(t, truth, noisy), difference(t, truth, once)
		if after > 0.62*before {
			t.Errorf("ΔE of noise of %g: %.2f, it was %.2f", sigma, after, before)
		}
		_, twice := enhanced(t, e, result.Variants[0].Data)
		if again := difference(t, once, twice); again > 0.5 {
			t.Errorf("the second time changes it by ΔE %.2f", again)
		}
	}
}

// Edges stay: dark beside light, both with noise, lose none of their height.
func TestAveragingNoiseLeavesEdges(t *testing.T) {
	engine(t)
	library.Lock()
	defer library.Unlock()
	drawing := image.NewNRGBA(image.Rect(0, 0, 64, 32))
	for i := range 64 * 32 {
		x, y, v := i%64, i/64, 40
		if x >= 32 {
			v = 200
		}
		drawing.Set(x, y, color.NRGBA{uint8(v + (x*7+y*5)%9), uint8(v + (x*5+y*3)%9), uint8(v), 255})
	}
	var coded bytes.Buffer
	if err := png.Encode(&coded, drawing); err != nil {
		t.Fatal(err)
	}
	p := stored(t, coded.Bytes())
	defer p.release()
	q, err := p.denoise(4)
	if err != nil {
		t.Fatal(err)
	}
	defer q.release()
	pix := q.pixels()
	for y := range 32 {
		left, right := int(pix[3*(64*y+31)+1]), int(pix[3*(64*y+32)+1])
		if left > 54 || right < 196 {
			t.Fatalf("row %d: %d beside %d", y, left, right)
		}
	}
}

func TestTextureIsNoNoise(t *testing.T) {
	result, _ := enhanced(t, engine(t), fixture(t, "board.jpg"))
	for _, s := range result.Steps {
		if s.Name == "denoise" && s.Veto == "" {
			t.Errorf("%+v of %+v", s, result.Analysis.Detail)
		}
	}
}
