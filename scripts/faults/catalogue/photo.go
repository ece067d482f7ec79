// Package catalogue makes small photos, good and bad, each with pixels of its own.
package catalogue

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	_ "image/png" // some samples are
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/image/draw"

	"burnish/scripts/faults/check"
)

// Markers stand behind the end of a JPEG, where no decoder looks. The harness's imager does.
const (
	CrashMarker = "burnish-faults: crash"
	HangMarker  = "burnish-faults: hang"
)

// Camera takes photos. It is not safe for use by several goroutines at once.
type Camera struct {
	samples []image.Image
	rand    *rand.Rand
}

// NewCamera reads the samples of a folder, which must have some that the standard library reads.
func NewCamera(folder string, rand *rand.Rand) (*Camera, error) {
	c := &Camera{rand: rand}
	names, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if img, _, err := image.Decode(bytes.NewReader(data)); err == nil {
			c.samples = append(c.samples, img)
		}
	}
	if len(c.samples) == 0 {
		return nil, fmt.Errorf("no sample photos in %s", folder)
	}
	return c, nil
}

// Size of the photos, in pixels: more than the largest variant of the harness's recipe.
const width, height = 72, 54

// Take returns the bytes of a new photo of the given kind.
func (c *Camera) Take(kind check.Kind) []byte {
	good := c.expose()
	switch kind {
	case check.Corrupt:
		return corrupt(good)
	case check.Truncated:
		return good[:len(good)/2]
	case check.Unsupported:
		return append([]byte("8BPS\x00\x01\x00\x00\x00\x00\x00\x00"), good...) // as a Photoshop file begins
	case check.NotAPhoto:
		return fmt.Appendf(nil, "Remember to photograph shelf %d.\n", c.rand.Uint64())
	case check.Crashes:
		return append(good, CrashMarker...)
	case check.Hangs:
		return append(good, HangMarker...)
	}
	return good
}

// expose photographs a part of a sample, with a patch that no other photo has.
func (c *Camera) expose() []byte {
	from := c.samples[c.rand.IntN(len(c.samples))]
	b := from.Bounds()
	w := min(b.Dx(), width+c.rand.IntN(max(1, b.Dx()-width)))
	h := min(b.Dy(), max(1, w*height/width))
	at := image.Pt(b.Min.X+c.rand.IntN(b.Dx()-w+1), b.Min.Y+c.rand.IntN(b.Dy()-h+1))
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.ApproxBiLinear.Scale(img, img.Bounds(), from, image.Rectangle{at, at.Add(image.Pt(w, h))}, draw.Src, nil)
	for y := range 8 {
		for x := range 16 {
			n := c.rand.Uint32()
			img.Set(8+x, 8+y, color.RGBA{byte(n), byte(n >> 8), byte(n >> 16), 255})
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 85}); err != nil {
		panic(err) // of a buffer and a picture of this size, never
	}
	return out.Bytes()
}

// corrupt spoils the Huffman tables of a JPEG: their lengths contradict themselves.
func corrupt(photo []byte) []byte {
	at := bytes.Index(photo, []byte("\xff\xc4"))
	for i := at + 5; i < at+5+16; i++ {
		photo[i] = 0xff
	}
	return photo
}
