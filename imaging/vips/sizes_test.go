package vips

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"strings"
	"testing"

	"burnish/imaging"
)

func TestSizesNeverEnlarge(t *testing.T) {
	all := catalogue(nil).Variants
	onlyWebP := all
	onlyWebP.JPEG, onlyWebP.AVIF = nil, nil
	for _, test := range []struct {
		name          string
		variants      imaging.Variants
		width, height int
		want          string // name:width×height/formats
	}{
		{"larger than all", all, 4000, 3000, "1280:1280×960/3 960:960×720/3 640:640×480/3 320:320×240/3"},
		{"exactly one of them", all, 640, 427, "640:640×427/3 320:320×214/3"},
		{"one pixel short", all, 639, 427, "320:320×214/3"},
		{"smaller than all", all, 100, 50, "320:100×50/3"},
		{"one pixel", all, 1, 1, "320:1×1/3"},
		{"a line", all, 6000, 1, "1280:1280×1/3 960:960×1/3 640:640×1/3 320:320×1/3"},
		{"too tall for WebP and AVIF above 320", all, 640, 32766, "640:640×32766/1 320:320×16383/3"},
		{"too tall for WebP and AVIF at any width", all, 300, 20000, "320:300×20000/1 320:246×16384/1 320:246×16383/1"},
		{"too tall for WebP and AVIF at any shape", all, 1, 60000, "320:1×60000/1"},
		{"too tall for all, but JPEG may shrink it", all, 1, 70000, "320:1×65500/1"},
		{"too tall for WebP above 320, and nothing else wanted", onlyWebP, 640, 32766, "320:320×16383/1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			list, err := sizes(test.variants, test.width, test.height)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range list {
				got = append(got, fmt.Sprintf("%s:%d×%d/%d", s.name, s.width, s.height, len(s.formats)))
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got  %v\nwant %s", got, test.want)
			}
		})
	}
}

func TestSizesThatNoFormatHolds(t *testing.T) {
	_, err := sizes(catalogue(nil).Variants, 1, 140000)
	wantFact(t, err, imaging.ErrTooLarge, "1 × 140000", "jpeg", "65500")
}

// What one format cannot hold is written in the others, and what is made smaller for a format
// says so.
func TestTallPhotosKeepTheFormatsThatHoldThem(t *testing.T) {
	for _, test := range []struct {
		name string
		size image.Point
		want string
	}{
		{"a line", image.Point{1, 60000}, "jpeg 1×60000"},
		{"thin", image.Point{5, 20000}, "jpeg 5×20000, webp 4×16383, avif 4×16384"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := png.Encode(&b, image.NewGray(image.Rectangle{Max: test.size})); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, v := range process(t, engine(t), catalogue(b.Bytes())).Variants {
				got = append(got, fmt.Sprintf("%s %d×%d", v.Format, v.Width, v.Height))
				pix, bands := decoded(t, v.Format, v.Data)
				if len(pix) != v.Width*v.Height*bands {
					t.Errorf("%s has %d samples", v.Format, len(pix))
				}
				if smaller := strings.Contains(v.Note, "holds at most"); smaller != (v.Height != test.size.Y) {
					t.Errorf("the note on %s of %d × %d is %q", v.Format, v.Width, v.Height, v.Note)
				}
			}
			if strings.Join(got, ", ") != test.want {
				t.Errorf("got  %v\nwant %s", got, test.want)
			}
		})
	}
}

func TestRecipesThatAskForNothing(t *testing.T) {
	none := catalogue(nil).Variants
	none.Widths = nil
	if _, err := sizes(none, 10, 10); err == nil || !strings.Contains(err.Error(), "widths") {
		t.Errorf("no widths: %v", err)
	}
	if _, err := sizes(imaging.Variants{Widths: []int{10}}, 10, 10); err == nil || !strings.Contains(err.Error(), "format") {
		t.Errorf("no formats: %v", err)
	}
}

// Every format has its variants at every width that fits, in order, as coded pictures of the
// size that the result tells.
func TestPhotosBecomeVariants(t *testing.T) {
	for _, test := range []struct{ file, want string }{
		{"flower.jpg", "jpeg 320 640 960 1280 webp 320 640 960 1280 avif 320 640 960 1280"},
		{"rocket.jpg", "jpeg 320 640 webp 320 640 avif 320 640"},
		{"chelsea.png", "jpeg 320 webp 320 avif 320"},
		{"chart.png", "jpeg 320 webp 320 avif 320"},
	} {
		t.Run(test.file, func(t *testing.T) {
			r := process(t, engine(t), catalogue(fixture(t, test.file)))
			var got []string
			var last imaging.Format
			for _, v := range r.Variants {
				if v.Format != last {
					got = append(got, string(v.Format))
					last = v.Format
				}
				got = append(got, v.Name)
				if f, err := sniff(v.Data); f != v.Format {
					t.Errorf("%s %s is coded as %s (%v)", v.Format, v.Name, f, err)
				}
				pix, bands := decoded(t, v.Format, v.Data)
				if len(pix) != v.Width*v.Height*bands || v.Width > r.Source.Width {
					t.Errorf("%s %s: %d samples for %d × %d of %d × %d", v.Format, v.Name, len(pix)/bands, v.Width,
						v.Height, r.Source.Width, r.Source.Height)
				}
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got  %v\nwant %s", got, test.want)
			}
			if r.Timings.CPU < r.Timings.Decode+r.Timings.Enhance+r.Timings.Encode || r.Timings.Encode <= 0 {
				t.Errorf("timings do not add up: %+v", r.Timings)
			}
		})
	}
}

// The smallest photos, and the thinnest, go through the whole line.
func TestTinyAndThinPhotos(t *testing.T) {
	for _, size := range []image.Point{{1, 1}, {2, 1}, {1, 700}, {700, 1}, {3, 3}, {641, 2}} {
		t.Run(size.String(), func(t *testing.T) {
			img := image.NewNRGBA(image.Rectangle{Max: size})
			for i := range img.Pix {
				img.Pix[i] = uint8(37 * i)
			}
			var b bytes.Buffer
			if err := png.Encode(&b, img); err != nil {
				t.Fatal(err)
			}
			r := catalogue(b.Bytes())
			r.Enhance.Sharpen = 1
			result := process(t, engine(t), r)
			for _, f := range imaging.Written {
				v := variant(t, result, f, "320")
				if pix, bands := decoded(t, f, v.Data); len(pix) != v.Width*v.Height*bands || v.Width > size.X {
					t.Errorf("%s is %d × %d with %d samples", f, v.Width, v.Height, len(pix))
				}
			}
		})
	}
}
