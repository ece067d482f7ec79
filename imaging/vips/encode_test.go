package vips

import (
	"bytes"
	"image"
	"image/jpeg"
	"testing"

	"burnish/imaging"
)

// The decision and the recipe's word reach each encoder, whatever the quality.
func TestChromaReachesTheEncoders(t *testing.T) {
	for _, test := range []struct {
		name, file string
		recipe     imaging.Chroma
		quality    int
		want       imaging.Chroma
	}{
		{"auto, sweets", "smarties.png", imaging.Auto, 75, imaging.Full},
		{"auto, a cat", "chelsea.png", imaging.Auto, 75, imaging.Subsampled},
		{"auto at high quality", "chelsea.png", imaging.Auto, 95, imaging.Subsampled},
		{"full", "chelsea.png", imaging.Full, 50, imaging.Full},
		{"subsampled", "smarties.png", imaging.Subsampled, 95, imaging.Subsampled},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := catalogue(fixture(t, test.file))
			r.Variants.JPEG.Chroma, r.Variants.WebP.Chroma, r.Variants.AVIF.Chroma = test.recipe, test.recipe, test.recipe
			r.Variants.JPEG.Quality, r.Variants.AVIF.Quality = test.quality, test.quality
			result := process(t, engine(t), r)
			for _, v := range result.Variants {
				want := test.want
				if v.Format == imaging.WebP && want == imaging.Full {
					want = imaging.Smart
				}
				if v.Chroma != want {
					t.Errorf("%s says %s, want %s", v.Format, v.Chroma, want)
				}
			}
			img := decodeJPEG(t, variant(t, result, imaging.JPEG, "320").Data).(*image.YCbCr)
			if full := img.SubsampleRatio == image.YCbCrSubsampleRatio444; full != (test.want == imaging.Full) {
				t.Errorf("the JPEG is sampled %s", img.SubsampleRatio)
			}
			avif := variant(t, result, imaging.AVIF, "320").Data
			if got := (header{format: imaging.AVIF}).chroma(avif); got != test.want {
				t.Errorf("the AVIF is sampled %s", got)
			}
		})
	}
}

// Smart subsampling of WebP makes another file.
func TestWebPSubsamplesSmartlyWhenAsked(t *testing.T) {
	r := catalogue(fixture(t, "smarties.png"))
	e := engine(t)
	r.Variants.WebP.Chroma = imaging.Full
	coded := variant(t, process(t, e, r), imaging.WebP, "320")
	if coded.Chroma != imaging.Smart {
		t.Errorf("chroma is said to be %s", coded.Chroma)
	}
	smart := coded.Data
	r.Variants.WebP.Chroma = imaging.Subsampled
	if bytes.Equal(smart, variant(t, process(t, e, r), imaging.WebP, "320").Data) {
		t.Error("both are equal")
	}
}

func TestJPEGSettingsReachTheEncoder(t *testing.T) {
	e := engine(t)
	coded := func(o imaging.JPEGOptions) []byte {
		r := catalogue(fixture(t, "chelsea.png"))
		r.Variants.JPEG = &o
		r.Variants.WebP, r.Variants.AVIF = nil, nil
		return process(t, e, r).Variants[0].Data
	}
	base := imaging.JPEGOptions{Quality: 75, Chroma: imaging.Subsampled}
	plain := coded(base)
	progressive := base
	progressive.Progressive = true
	if data := coded(progressive); !bytes.Contains(data, []byte("\xff\xc2")) || bytes.Contains(plain, []byte("\xff\xc2")) {
		t.Error("progressive does not decide about progressive")
	}
	if _, mozjpeg := e.Build().Codecs["mozjpeg"]; !mozjpeg {
		return // plain libjpeg ignores the rest
	}
	for name, change := range map[string]func(*imaging.JPEGOptions){
		"trellis":     func(o *imaging.JPEGOptions) { o.Trellis = true },
		"quant table": func(o *imaging.JPEGOptions) { o.QuantTable = 3 },
		"scans":       func(o *imaging.JPEGOptions) { o.Progressive, o.OptimizeScans = true, true },
	} {
		o := base
		change(&o)
		data := coded(o)
		if bytes.Equal(data, plain) || bytes.Equal(data, coded(progressive)) {
			t.Errorf("%s changes nothing", name)
		}
		if _, err := jpeg.Decode(bytes.NewReader(data)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The same photo and recipe give the same bytes: fingerprints rest on that.
func TestVariantsAreReproducible(t *testing.T) {
	e := engine(t)
	first, second := process(t, e, catalogue(fixture(t, "rocket.jpg"))), process(t, e, catalogue(fixture(t, "rocket.jpg")))
	for i, v := range first.Variants {
		if !bytes.Equal(v.Data, second.Variants[i].Data) {
			t.Errorf("%s %s differs", v.Format, v.Name)
		}
	}
}

func TestBuildTellsWhatItIs(t *testing.T) {
	b := engine(t).Build()
	if b.Version != "test" || b.Algorithm != Algorithm || b.Libvips == "" || len(b.Reads) < 6 {
		t.Errorf("build is %+v", b)
	}
	for _, codec := range []string{"aom", "webp", "lcms"} {
		if b.Codecs[codec] == "" {
			t.Errorf("no version of %s in %v", codec, b.Codecs)
		}
	}
}

// HEIC is read where the build really can, and refused by name where not.
func TestHEIC(t *testing.T) {
	e := engine(t)
	for _, f := range e.Build().Reads {
		if f == imaging.HEIC {
			r := process(t, e, exact(fixture(t, "chart.heic"), 48))
			wantPatches(t, patches(decodeJPEG(t, r.Variants[0].Data)), chart, 5)
			return
		}
	}
	_, err := e.Process(exact(fixture(t, "chart.heic"), 48), unlimited)
	wantFact(t, err, imaging.ErrUnsupported, "heic")
}
