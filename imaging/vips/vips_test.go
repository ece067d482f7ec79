package vips

import (
	"os"
	"path/filepath"
	"testing"

	"burnish/imaging"
)

// catalogue is a request as the built-in recipe makes it.
func catalogue(source []byte) imaging.Request {
	return imaging.Request{
		Limits: imaging.Limits{Bytes: 64 << 20, Megapixels: 100, Bands: 5, Frames: 1000},
		Variants: imaging.Variants{
			Widths:     []int{320, 640, 960, 1280},
			Background: imaging.Color{R: 255, G: 255, B: 255},
			JPEG: &imaging.JPEGOptions{
				Quality: 75, Chroma: imaging.Auto, Progressive: true, Trellis: true,
				Deringing: true, OptimizeScans: true, QuantTable: 3,
			},
			WebP: &imaging.WebPOptions{Quality: 75, Effort: 4, Chroma: imaging.Auto},
			AVIF: &imaging.AVIFOptions{Quality: 50, Effort: 2, Chroma: imaging.Auto, Tune: "iq"},
		},
		Source: source,
	}
}

// engine is one engine for the test, which must leave nothing behind in libvips.
func engine(t *testing.T) *Engine {
	t.Helper()
	e := New("test")
	t.Cleanup(func() {
		if objects, bytes := alive(); objects != 0 || bytes != 0 {
			t.Errorf("%d objects and %d bytes leaked in libvips", objects, bytes)
		}
	})
	return e
}

func TestPhotosBecomeVariants(t *testing.T) {
	files, err := filepath.Glob("../../testdata/photos/*.*g")
	if err != nil || len(files) < 10 {
		t.Fatal("sample photos are missing", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			r, err := engine(t).Process(catalogue(source))
			if err != nil {
				t.Fatal(err)
			}
			seen := map[imaging.Format]int{}
			for _, v := range r.Variants {
				seen[v.Format]++
				format, err := sniff(v.Data)
				if err != nil || format != v.Format {
					t.Errorf("variant %s is %s, want %s (%v)", v.Name, format, v.Format, err)
				}
				if v.Width > r.Source.Width {
					t.Errorf("variant %s was enlarged from %d to %d", v.Name, r.Source.Width, v.Width)
				}
			}
			for _, f := range imaging.Written {
				if seen[f] == 0 {
					t.Errorf("no %s", f)
				}
			}
		})
	}
}
