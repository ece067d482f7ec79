package vips

import (
	"bytes"
	"fmt"
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
		bars    string // what the variant says where it is larger all the same
	}{
		{"same size", plain, []int{200}, 0, true, ""},
		{"same size, nothing to sharpen", plain, []int{200}, 1, true, ""},
		{"smaller variant", plain, []int{150}, 0, true, ""},
		{"smaller variant that is sharpened", plain, []int{150}, 1, false, "which is not sharpened"},
		{"variant of less than half the width", small(t, 200, 150), []int{90}, 0, false, "which is 200 pixels wide"},
		{"turned", turned(plain), []int{150}, 0, false, "whose pixels are stored turned"},
		{"wide gamut", withProfile(plain, fixture(t, "p3.jpg")), []int{200}, 0, false, "whose colours are not sRGB"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := catalogue(test.source)
			r.Variants.Widths = test.widths
			r.Variants.JPEG.Quality = 95
			r.Enhance.Sharpen = test.sharpen
			result := process(t, engine(t), r)
			v := result.Variants[0]
			if got := strings.Contains(v.Note, "the source's own"); got != test.want {
				t.Fatalf("given back: %t, want %t (%d bytes of source, %d of variant)", got, test.want, len(test.source), len(v.Data))
			}
			if len(v.Data) > len(test.source) && test.want {
				t.Errorf("%d bytes, the source has %d", len(v.Data), len(test.source))
			}
			if test.want && (v.Width != 200 || v.Height != 150 || !strings.Contains(v.Note, "KB; encoded anew it would be") ||
				v.Chroma != imaging.Subsampled || v.Quality != 0) {
				t.Errorf("variant is %+v", imaging.Variant{Width: v.Width, Height: v.Height, Note: v.Note, Chroma: v.Chroma, Quality: v.Quality})
			}
			larger := fmt.Sprintf("larger than the source's %s, ", kilobytes(len(test.source)))
			for _, v := range result.Variants {
				if strings.HasPrefix(v.Note, larger) != (len(v.Data) > len(test.source)) {
					t.Errorf("the note on %s of %d bytes, of a source of %d, is %q", v.Format, len(v.Data), len(test.source), v.Note)
				}
			}
			if !test.want && len(v.Data) > len(test.source) && !strings.HasPrefix(v.Note, larger+test.bars) {
				t.Errorf("the note %q does not say %q", v.Note, test.bars)
			}
		})
	}
}

// A format that the source is not in may need more bytes than the source; then it says so.
func TestLargerVariantsOfOtherFormatsSaySo(t *testing.T) {
	source := small(t, 200, 150)
	r := catalogue(source)
	r.Variants.Widths = []int{200}
	r.Variants.WebP.Quality, r.Variants.AVIF.Quality = 95, 1
	result := process(t, engine(t), r)
	for f, want := range map[imaging.Format]string{
		imaging.WebP: fmt.Sprintf("larger than the source's %s, which is jpeg, not webp", kilobytes(len(source))),
		imaging.AVIF: "",
	} {
		v := variant(t, result, f, "200")
		if larger := len(v.Data) > len(source); larger != (want != "") || v.Note != want {
			t.Errorf("%s has %d bytes of a source of %d and the note %q, want %q", f, len(v.Data), len(source), v.Note, want)
		}
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
