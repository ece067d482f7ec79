package vips

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"strings"
	"testing"

	"burnish/imaging"
)

// small is a JPEG of so low a quality that coding it anew makes more bytes.
func small(t *testing.T, width, height int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			v := uint8((x*x/7 + y*y/5 + x*y/3) % 256)
			img.Set(x, y, color.RGBA{v, uint8(x), 255 - v, 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 5}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSourceIsGivenBackWhereItIsSmaller(t *testing.T) {
	plain := small(t, 200, 150)
	for _, test := range []struct {
		name    string
		source  []byte
		widths  []int
		sharpen float64
		want    bool
	}{
		{"same size", plain, []int{200}, 0, true},
		{"same size, nothing to sharpen", plain, []int{200}, 1, true},
		{"smaller variant", plain, []int{150}, 0, true},
		{"smaller variant that is sharpened", plain, []int{150}, 1, false},
		{"variant of less than half the width", small(t, 200, 150), []int{90}, 0, false},
		{"turned", turned(plain), []int{150}, 0, false},
		{"wide gamut", withProfile(plain, fixture(t, "p3.jpg")), []int{200}, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := catalogue(test.source)
			r.Variants.Widths = test.widths
			r.Variants.JPEG.Quality = 95
			r.Enhance.Sharpen = test.sharpen
			result := process(t, engine(t), r)
			v := result.Variants[0]
			if got := v.Note != ""; got != test.want {
				t.Fatalf("given back: %t, want %t (%d bytes of source, %d of variant)", got, test.want, len(test.source), len(v.Data))
			}
			if len(v.Data) > len(test.source) && test.want {
				t.Errorf("%d bytes, the source has %d", len(v.Data), len(test.source))
			}
			if test.want && (v.Width != 200 || v.Height != 150 || !strings.Contains(v.Note, "KB; encoded anew it would be") ||
				v.Chroma != imaging.Subsampled || v.Quality != 0) {
				t.Errorf("variant is %+v", imaging.Variant{Width: v.Width, Height: v.Height, Note: v.Note, Chroma: v.Chroma, Quality: v.Quality})
			}
			for _, v := range result.Variants[1:] {
				if v.Note != "" {
					t.Errorf("%s is a JPEG's own", v.Format)
				}
			}
		})
	}
}

// turned adds an EXIF orientation of 6.
func turned(jpeg []byte) []byte {
	exif := "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
	return jpegWith(jpeg, 2, "\xff\xe1\x00"+string(rune(len(exif)+2))+exif)
}

// withProfile adds the profile of another JPEG.
func withProfile(jpeg, other []byte) []byte {
	at := bytes.Index(other, []byte("ICC_PROFILE"))
	size := int(other[at-2])<<8 | int(other[at-1])
	return jpegWith(jpeg, 2, string(other[at-4:at-2+size]))
}
