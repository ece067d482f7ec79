package vips

import (
	"bytes"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"burnish/imaging"
)

// engine is one engine for the test, which must leave nothing behind in libvips. Every test of
// this package gets its engine here. Threads of libvips give back their last kilobytes when they
// have gone to sleep, which the check waits for.
func engine(t testing.TB) *Engine {
	t.Helper()
	e := New("test")
	t.Cleanup(func() {
		library.Lock()
		defer library.Unlock()
		objects, bytes := alive()
		for range 500 {
			if objects == 0 && bytes == 0 {
				break
			}
			time.Sleep(10 * time.Millisecond)
			objects, bytes = alive()
		}
		if objects != 0 || bytes != 0 {
			t.Errorf("%d objects and %d bytes leaked in libvips", objects, bytes)
		}
		if left := takeWarnings(); left != "" {
			t.Errorf("left in libvips' error buffer for the next photo: %q", left)
		}
	})
	return e
}

// fixture reads a file of testdata, or of the repository's sample photos.
func fixture(t testing.TB, name string) []byte {
	t.Helper()
	for _, folder := range []string{"testdata", "../../testdata/photos"} {
		if data, err := os.ReadFile(filepath.Join(folder, name)); err == nil {
			return data
		}
	}
	t.Fatalf("no fixture %s", name)
	return nil
}

var white = imaging.Color{R: 255, G: 255, B: 255}

// catalogue is a request as a catalogue makes it.
func catalogue(source []byte) imaging.Request {
	return imaging.Request{
		Limits: imaging.Limits{Bytes: 64 << 20, Megapixels: 100, Bands: 5, Frames: 1000},
		Variants: imaging.Variants{
			Widths:     []int{320, 640, 960, 1280},
			Background: white,
			JPEG: &imaging.JPEGOptions{
				Quality: 75, Chroma: imaging.Auto, Progressive: true, Trellis: true,
				Deringing: true, OptimizeScans: true, QuantTable: 3,
			},
			WebP: &imaging.WebPOptions{Quality: 75, Effort: 2, Chroma: imaging.Auto},
			AVIF: &imaging.AVIFOptions{Quality: 50, Effort: 0, Chroma: imaging.Auto, Tune: "iq"},
		},
		Source: source,
	}
}

// exact asks for one JPEG of a width that hardly changes a pixel.
func exact(source []byte, width int) imaging.Request {
	r := catalogue(source)
	r.Variants.Widths = []int{width}
	r.Variants.JPEG = &imaging.JPEGOptions{Quality: 100, Chroma: imaging.Full}
	r.Variants.WebP, r.Variants.AVIF = nil, nil
	return r
}

// process is Process on a photo that must succeed.
func process(t testing.TB, e *Engine, r imaging.Request) imaging.Result {
	t.Helper()
	result, err := e.Process(r, unlimited)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// variant picks one variant by format and name.
func variant(t testing.TB, r imaging.Result, f imaging.Format, name string) imaging.Variant {
	t.Helper()
	for _, v := range r.Variants {
		if v.Format == f && v.Name == name {
			return v
		}
	}
	t.Fatalf("no %s of width %s", f, name)
	return imaging.Variant{}
}

// decodeJPEG reads a variant with Go's decoder, which shares nothing with libvips.
func decodeJPEG(t testing.TB, data []byte) image.Image {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// decoded reads any variant's own samples and bands.
func decoded(t testing.TB, f imaging.Format, data []byte) (pix []byte, bands int) {
	t.Helper()
	library.Lock()
	defer library.Unlock()
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&data[0])
	p, err := open(f, data, 1)
	if err != nil {
		t.Fatal(err)
	}
	p, err = chain(p, picture.store)
	if err != nil {
		t.Fatal(err)
	}
	defer p.release()
	takeWarnings()
	return p.pixels(), int(p.c.Bands)
}

type rgb [3]int

// chart is testdata/chart.png: 4 × 3 patches.
var chart = []rgb{
	{200, 60, 50},
	{60, 140, 70},
	{50, 80, 170},
	{230, 200, 60},
	{180, 80, 150},
	{50, 150, 170},
	{128, 128, 128},
	{240, 240, 240},
	{30, 30, 30},
	{220, 150, 120},
	{90, 60, 40},
	{255, 255, 255},
}

// patches averages the middle of each patch of a chart.
func patches(img image.Image) []rgb {
	b := img.Bounds()
	var list []rgb
	for row := range 3 {
		for column := range 4 {
			x, y := b.Dx()*(2*column+1)/8, b.Dy()*(2*row+1)/6
			var sum rgb
			for i := range 16 {
				r, g, b, _ := img.At(b.Min.X+x-2+i%4, b.Min.Y+y-2+i/4).RGBA()
				sum[0], sum[1], sum[2] = sum[0]+int(r>>8), sum[1]+int(g>>8), sum[2]+int(b>>8)
			}
			list = append(list, rgb{(sum[0] + 8) / 16, (sum[1] + 8) / 16, (sum[2] + 8) / 16})
		}
	}
	return list
}

// wantPatches compares patches level by level.
func wantPatches(t testing.TB, got, want []rgb, tolerance int) {
	t.Helper()
	for i := range want {
		for c := range 3 {
			if d := got[i][c] - want[i][c]; d > tolerance || d < -tolerance {
				t.Errorf("patch %d is %v, want %v ± %d", i, got[i], want[i], tolerance)
				break
			}
		}
	}
}

// unlimited admits whatever a photo takes.
func unlimited(int64) error { return nil }
