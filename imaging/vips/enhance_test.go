package vips

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"testing"

	"burnish/imaging"
	"burnish/imaging/enhance"
)

// degraded codes a sample photo as PNG after a change of every coded value, 0 to 1.
func degraded(t *testing.T, name string, to func(v float64) float64) []byte {
	t.Helper()
	img, _, err := image.Decode(bytes.NewReader(fixture(t, name)))
	if err != nil {
		t.Fatal(err)
	}
	var table [256]uint8
	for i := range table {
		table[i] = uint8(math.Round(255 * max(0, min(1, to(float64(i)/255)))))
	}
	b := img.Bounds()
	out := image.NewNRGBA(b)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl, _ := img.At(x, y).RGBA()
			out.Set(x, y, color.NRGBA{table[r>>8], table[g>>8], table[bl>>8], 255})
		}
	}
	var coded bytes.Buffer
	if err := png.Encode(&coded, out); err != nil {
		t.Fatal(err)
	}
	return coded.Bytes()
}

// enhanced is the largest variant of a photo at its own size, all but lossless, as the catalogue
// enhances it.
func enhanced(t *testing.T, e *Engine, source []byte) (imaging.Result, image.Image) {
	t.Helper()
	r := exact(source, 640)
	recipe, _ := imaging.Builtin("catalogue")
	r.Enhance = recipe.Enhance
	result := process(t, e, r)
	return result, decodeJPEG(t, result.Variants[0].Data)
}

// difference is the mean ΔE2000 of two pictures of a size.
func difference(t *testing.T, a, b image.Image) float64 {
	t.Helper()
	if a.Bounds() != b.Bounds() {
		t.Fatalf("%v and %v", a.Bounds(), b.Bounds())
	}
	sum, n := 0.0, 0
	for y := 0; y < a.Bounds().Dy(); y += 3 {
		for x := 0; x < a.Bounds().Dx(); x += 3 {
			sum += enhance.DeltaE2000(labAt(a, x, y), labAt(b, x, y))
			n++
		}
	}
	return sum / float64(n)
}

func labAt(img image.Image, x, y int) enhance.Lab {
	r, g, b, _ := img.At(img.Bounds().Min.X+x, img.Bounds().Min.Y+y).RGBA()
	return enhance.LabOf(uint8(r>>8), uint8(g>>8), uint8(b>>8))
}

func asItIs(v float64) float64    { return v }
func flattened(v float64) float64 { return 0.15 + 0.7*v }

// darkened takes off one EV; a power of 2.2 is near enough to sRGB's curve.
func darkened(v float64) float64 { return v * math.Pow(0.5, 1/2.2) }

// Through the whole engine: what harmed a photo is mended, and what is done once is not done again.
func TestEnhancingTwiceChangesNothingMore(t *testing.T) {
	e := engine(t)
	for _, test := range []struct {
		name  string
		photo string
		harm  func(v float64) float64
		step  string
	}{
		{"dark", "coffee.png", darkened, "exposure"},
		{"dark, nothing clipped", "fruits.jpg", darkened, "exposure"},
		{"flat", "astronaut.png", flattened, "contrast"},
		{"flat, nothing clipped", "coffee.png", flattened, "contrast"},
		{"good", "smarties.png", asItIs, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			good := degraded(t, test.photo, asItIs)
			truth, _, err := image.Decode(bytes.NewReader(good))
			if err != nil {
				t.Fatal(err)
			}
			source := degraded(t, test.photo, test.harm)
			harmed, _, _ := image.Decode(bytes.NewReader(source))
			first, once := enhanced(t, e, source)
			name := ""
			for _, s := range first.Steps {
				if s.Veto == "" {
					name += s.Name
				}
			}
			if name != test.step {
				t.Errorf("steps %+v, want %s alone", first.Steps, test.step)
			}
			before, after := difference(t, truth, harmed), difference(t, truth, once)
			if after > 0.6*before+0.5 {
				t.Errorf("ΔE %.1f, it was %.1f", after, before)
			}
			_, twice := enhanced(t, e, first.Variants[0].Data)
			if again := difference(t, once, twice); again >= 0.5 {
				t.Errorf("the second time changes it by ΔE %.2f", again)
			}
		})
	}
}

// Softened by averaging 1 2 1 both ways: sharpening brings it nearer to the truth.
func TestSoftPhotosComeOutSharper(t *testing.T) {
	e := engine(t)
	truth, _ := png.Decode(bytes.NewReader(degraded(t, "coffee.png", asItIs)))
	soft := image.NewNRGBA(truth.Bounds())
	draw.Draw(soft, soft.Rect, truth, truth.Bounds().Min, draw.Src)
	for range 3 {
		soft = averaged(soft)
	}
	var coded bytes.Buffer
	if err := png.Encode(&coded, soft); err != nil {
		t.Fatal(err)
	}
	result, once := enhanced(t, e, coded.Bytes())
	if len(result.Steps) != 1 || result.Steps[0].Name != "deblur" || result.Steps[0].Veto != "" {
		t.Fatalf("%+v of %+v", result.Steps, result.Analysis.Detail)
	}
	plain := decodeJPEG(t, process(t, e, exact(coded.Bytes(), 640)).Variants[0].Data)
	if before, after := difference(t, truth, plain), difference(t, truth, once); after > 0.98*before {
		t.Errorf("ΔE %.2f, without %.2f", after, before)
	}
	_, twice := enhanced(t, e, result.Variants[0].Data)
	if again := difference(t, once, twice); again > 0.6 {
		t.Errorf("the second time changes it by ΔE %.2f", again)
	}
}

// averaged averages each pixel 1 2 1 with its neighbours, both ways; the rim stays.
func averaged(p *image.NRGBA) *image.NRGBA {
	q := image.NewNRGBA(p.Bounds())
	copy(q.Pix, p.Pix)
	for y := 1; y < p.Rect.Dy()-1; y++ {
		for x := 1; x < p.Rect.Dx()-1; x++ {
			for c := range 3 {
				sum := 8
				for j := -1; j <= 1; j++ {
					for i := -1; i <= 1; i++ {
						sum += (2 - i*i) * (2 - j*j) * int(p.Pix[p.PixOffset(x+i, y+j)+c])
					}
				}
				q.Pix[q.PixOffset(x, y)+c] = uint8(sum / 16)
			}
		}
	}
	return q
}
