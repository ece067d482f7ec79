package vips

import (
	"fmt"
	"testing"
)

// However a file stores the chart, and in whatever way it says so, it comes out upright, once.
func TestPhotosComeOutUpright(t *testing.T) {
	files := []string{"orientation-6.tif", "orientation-6.png", "orientation-6.webp", "irot.avif", "imir.avif"}
	for n := range 8 {
		files = append(files, fmt.Sprintf("orientation-%d.jpg", n+1))
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			e := engine(t)
			r := process(t, e, exact(fixture(t, file), 48))
			if r.Source.Width != 48 || r.Source.Height != 36 {
				t.Errorf("upright size is %d × %d, want 48 × 36", r.Source.Width, r.Source.Height)
			}
			wantPatches(t, patches(decodeJPEG(t, r.Variants[0].Data)), chart, 3)

			half := exact(fixture(t, file), 24)
			half.Variants.JPEG.Quality = 10 // smaller than any source, or that would be given back
			r = process(t, e, half)
			if v := r.Variants[0]; v.Width != 24 || v.Height != 18 {
				t.Errorf("half is %d × %d, want 24 × 18", v.Width, v.Height)
			}
		})
	}
}
