package vips

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"testing"

	"burnish/imaging"
)

// The alpha fixtures show the chart, with columns of patches 0 and 1 opaque, 2 half transparent
// and 3 transparent over a hidden green.
func TestAlphaIsKeptOrFlattened(t *testing.T) {
	for _, file := range []string{"alpha.png", "alpha-16.png", "alpha.tif", "alpha.webp", "alpha.avif"} {
		t.Run(file, func(t *testing.T) {
			r := catalogue(fixture(t, file))
			r.Variants.Widths = []int{48}
			r.Variants.JPEG = &imaging.JPEGOptions{Quality: 100, Chroma: imaging.Full}
			r.Variants.WebP.Quality = 100
			r.Variants.AVIF.Quality = 95
			r.Variants.Background = imaging.Color{R: 0, G: 0, B: 255}
			result := process(t, engine(t), r)
			if !result.Source.Alpha {
				t.Error("the source is said to have no alpha")
			}
			on := patches(decodeJPEG(t, variant(t, result, imaging.JPEG, "48").Data))
			for row := range 3 {
				half, hidden := chart[4*row+2], rgb{0, 0, 255}
				for c := range 3 {
					half[c] = (half[c]*128 + hidden[c]*127) / 255
				}
				want := []rgb{chart[4*row], chart[4*row+1], half, hidden}
				wantPatches(t, on[4*row:4*row+4], want, 4)
			}
			for _, f := range []imaging.Format{imaging.WebP, imaging.AVIF} {
				v := variant(t, result, f, "48")
				pix, bands := decoded(t, f, v.Data)
				if bands != 4 {
					t.Fatalf("%s has %d bands", f, bands)
				}
				for x, want := range map[int]int{6: 255, 30: 128, 42: 0} {
					if a := int(pix[(18*48+x)*4+3]); a < want-4 || a > want+4 {
						t.Errorf("%s: alpha at %d is %d, want %d", f, x, a, want)
					}
				}
			}
		})
	}
}

func TestAlphaThatHidesNothingIsDropped(t *testing.T) {
	r := process(t, engine(t), catalogue(fixture(t, "alpha-opaque.png")))
	if r.Source.Alpha || r.Source.Bands != 4 {
		t.Errorf("source is %+v, want 4 bands and no alpha", r.Source)
	}
	for _, f := range []imaging.Format{imaging.WebP, imaging.AVIF} {
		if _, bands := decoded(t, f, variant(t, r, f, "320").Data); bands != 3 {
			t.Errorf("%s has %d bands", f, bands)
		}
	}
}

// When an edge to transparency is downscaled, the colour that it hides must not shine through.
func TestHiddenColoursDoNotBleed(t *testing.T) {
	r := catalogue(fixture(t, "alpha.png"))
	r.Variants.Widths = []int{20}
	r.Variants.JPEG = &imaging.JPEGOptions{Quality: 100, Chroma: imaging.Full}
	r.Variants.WebP, r.Variants.AVIF = nil, nil
	img := decodeJPEG(t, process(t, engine(t), r).Variants[0].Data)
	for x := range 20 { // along the row of greys: white background, no green
		red, green, _, _ := img.At(x, 7).RGBA()
		if x > 10 && int(green>>8)-int(red>>8) > 12 {
			t.Errorf("at %d: red %d, green %d", x, red>>8, green>>8)
		}
	}
}

func TestTransparentGIFAndGrey(t *testing.T) {
	for _, file := range []string{"alpha.gif", "grey-alpha.png"} {
		t.Run(file, func(t *testing.T) {
			r := process(t, engine(t), exact(fixture(t, file), 48))
			p := patches(decodeJPEG(t, r.Variants[0].Data))
			wantPatches(t, []rgb{p[3], p[7], p[11]}, []rgb{{255, 255, 255}, {255, 255, 255}, {255, 255, 255}}, 2)
			if p[8][0] > 40 {
				t.Errorf("the black patch is %v", p[8])
			}
		})
	}
}

// A GIF's first frame may fill a part of its canvas only. Browsers show nothing around it.
func TestAroundAGIFsFrameIsNothing(t *testing.T) {
	opaque := color.Palette{color.RGBA{0, 0, 0, 255}, color.RGBA{200, 60, 50, 255}}
	for _, test := range []struct {
		name    string
		palette color.Palette
	}{
		{"opaque palette", opaque},
		{"grey palette", color.Palette{color.RGBA{0, 0, 0, 255}, color.RGBA{200, 200, 200, 255}}},
		{"palette with transparency", append(opaque[:2:2], color.RGBA{})},
	} {
		t.Run(test.name, func(t *testing.T) {
			frame := image.NewPaletted(image.Rect(12, 6, 36, 30), test.palette)
			for i := range frame.Pix {
				frame.Pix[i] = 1
			}
			var b bytes.Buffer
			err := gif.EncodeAll(&b, &gif.GIF{
				Image: []*image.Paletted{frame}, Delay: []int{0},
				Config: image.Config{Width: 48, Height: 36, ColorModel: test.palette},
			})
			if err != nil {
				t.Fatal(err)
			}
			r := exact(b.Bytes(), 48)
			r.Variants.Background = imaging.Color{R: 0, G: 0, B: 255}
			r.Variants.WebP = &imaging.WebPOptions{Quality: 100}
			result := process(t, engine(t), r)
			if !result.Source.Alpha {
				t.Error("the source is said to have no alpha")
			}
			red, green, blue, _ := test.palette[1].RGBA()
			inside, outside := rgb{int(red >> 8), int(green >> 8), int(blue >> 8)}, rgb{0, 0, 255}
			img := decodeJPEG(t, variant(t, result, imaging.JPEG, "48").Data)
			pix, bands := decoded(t, imaging.WebP, variant(t, result, imaging.WebP, "48").Data)
			if bands != 4 {
				t.Fatalf("WebP has %d bands", bands)
			}
			for at, want := range map[image.Point]rgb{{24, 18}: inside, {14, 8}: inside, {3, 3}: outside, {45, 18}: outside, {24, 34}: outside} {
				r, g, b, _ := img.At(at.X, at.Y).RGBA()
				wantPatches(t, []rgb{{int(r >> 8), int(g >> 8), int(b >> 8)}}, []rgb{want}, 4)
				if alpha := pix[(at.Y*48+at.X)*4+3]; (alpha == 255) != (want == inside) || (alpha == 0) != (want == outside) {
					t.Errorf("alpha at %v is %d", at, alpha)
				}
			}
		})
	}
}

func TestBilevel(t *testing.T) {
	r := process(t, engine(t), exact(fixture(t, "bilevel.tif"), 48))
	p := patches(decodeJPEG(t, r.Variants[0].Data))
	wantPatches(t, []rgb{p[8], p[7], p[11]}, []rgb{{0, 0, 0}, {255, 255, 255}, {255, 255, 255}}, 2)
}
