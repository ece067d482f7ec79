package ssimulacra2

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/jpeg"
	_ "image/png"
	"math"
	"os"
	"testing"
)

// On flat pictures, where nothing but the rounding of its recursive blur is structure, the
// original strays by up to one point; the last two pictures, which have structure, agree to
// the second decimal.
//
// The scores are those of the author's C++ program for these generated pictures, as published
// with the imazen/ssimulacra2 project's tests, which also give the hashes of the pixels.
func TestScoreAgreesWithTheOriginalProgram(t *testing.T) {
	grey := func(w, h int, v byte) Picture { return fill(w, h, func(int, int) byte { return v }) }
	ramp := func(w, h int) Picture {
		return fill(w, h, func(x, _ int) byte { return byte(x * 255 / (w - 1)) })
	}
	const (
		grey64  = "2203a98fd84adfbd3cbbfda33c94fcc2d33f0e1d6ebfa4e0ced17c5469ba54e5"
		grey256 = "83ab53863cf746efe2611c6b521cfbdefba4f5325cf123ab451c385035b394ef"
		ramp64  = "bfcfaa0618d282841d4469793253649ea6ddab2f1d0351548cb6f05a8fd79b87"
		noise64 = "7f6be7f433ccb0a006e888f827df518a15c560c44b89852441183c2f61ea59f2"
	)
	for _, c := range []struct {
		name      string
		a, b      Picture
		hash      string // of a
		want, tol float64
	}{
		{"same grey", grey(64, 64, 128), grey(64, 64, 128), grey64, 100, 0},
		{"same noise", noise(64, 64, 42), noise(64, 64, 42), noise64, 100, 0},
		{"grey 1 brighter, 64", grey(64, 64, 128), grey(64, 64, 129), grey64, 97.98672126, 1},
		{"grey 10 brighter, 64", grey(64, 64, 128), grey(64, 64, 138), grey64, 80.24289393, 0.3},
		{"grey 20 brighter, 64", grey(64, 64, 128), grey(64, 64, 148), grey64, 56.05855584, 0.3},
		{"grey 50 brighter, 64", grey(64, 64, 128), grey(64, 64, 178), grey64, -8.75942256, 0.3},
		{"grey 5 brighter, 256", grey(256, 256, 128), grey(256, 256, 133), grey256, 89.73209436, 1},
		{"grey 20 brighter, 256", grey(256, 256, 128), grey(256, 256, 148), grey256, 59.77892918, 0.3},
		{"ramp turned grey", ramp(64, 64), grey(64, 64, 128), ramp64, -64.56872148, 0.01},
		{"noise turned grey", noise(64, 64, 42), grey(64, 64, 128), noise64, -47.33572558, 0.01},
	} {
		t.Run(c.name, func(t *testing.T) {
			sum := sha256.Sum256(c.a.Pix)
			if got := hex.EncodeToString(sum[:]); got != c.hash {
				t.Fatalf("pixels hash to %s, published %s", got, c.hash)
			}
			got, err := Score(c.a, c.b)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%.6f, published %.6f", got, c.want)
			if math.Abs(got-c.want) > c.tol {
				t.Errorf("score %.4f, published %.4f", got, c.want)
			}
		})
	}
}

func fill(w, h int, at func(x, y int) byte) Picture {
	p := Picture{w, h, make([]byte, 0, w*h*3)}
	for y := range h {
		for x := range w {
			v := at(x, y)
			p.Pix = append(p.Pix, v, v, v)
		}
	}
	return p
}

// noise is a linear congruential generator's, Knuth's MMIX constants.
func noise(w, h int, seed uint64) Picture {
	p := Picture{w, h, make([]byte, w*h*3)}
	for i := range p.Pix {
		seed = seed*6364136223846793005 + 1442695040888963407
		p.Pix[i] = byte(seed >> 33)
	}
	return p
}

func TestScoreFollowsJPEGQuality(t *testing.T) {
	for _, name := range []string{"coffee.png", "astronaut.png", "rocket.jpg"} {
		t.Run(name, func(t *testing.T) {
			f, err := os.Open("../../../testdata/photos/" + name)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			m, _, err := image.Decode(f)
			if err != nil {
				t.Fatal(err)
			}
			ref, err := NewReference(picture(m))
			if err != nil {
				t.Fatal(err)
			}
			last := math.Inf(-1)
			for _, q := range []int{5, 15, 30, 50, 70, 85, 95, 100} {
				got, err := ref.Score(picture(coded(t, m, q)))
				if err != nil {
					t.Fatal(err)
				}
				if got <= last || got >= 100 {
					t.Errorf("quality %d scores %.2f, the one below it %.2f", q, got, last)
				}
				last = got
			}
			if last < 85 {
				t.Errorf("quality 100 scores only %.2f", last)
			}
		})
	}
}

func TestPicturesThatCannotBeScored(t *testing.T) {
	good := noise(16, 16, 1)
	for _, c := range []struct {
		name string
		a, b Picture
		want error
	}{
		{"other size", good, noise(16, 17, 1), ErrSize},
		{"small original", noise(7, 16, 1), noise(7, 16, 1), ErrSmall},
		{"small copy", good, noise(16, 7, 1), ErrSmall},
		{"no picture", Picture{}, good, ErrSmall},
		{"too few pixels", good, Picture{16, 16, good.Pix[:30]}, ErrPix},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Score(c.a, c.b); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

func TestSmallestPictureIsScored(t *testing.T) {
	a := noise(8, 9, 1)
	if got, err := Score(a, a); err != nil || got != 100 {
		t.Errorf("score %v, %v", got, err)
	}
	if got, err := Score(a, noise(8, 9, 2)); err != nil || got > 70 {
		t.Errorf("other noise scores %v, %v", got, err)
	}
}

func coded(t *testing.T, m image.Image, quality int) image.Image {
	t.Helper()
	var data bytes.Buffer
	if err := jpeg.Encode(&data, m, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	out, err := jpeg.Decode(&data)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func picture(m image.Image) Picture {
	b := m.Bounds()
	p := Picture{b.Dx(), b.Dy(), make([]byte, 0, b.Dx()*b.Dy()*3)}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl, _ := m.At(x, y).RGBA()
			p.Pix = append(p.Pix, byte(r>>8), byte(g>>8), byte(bl>>8))
		}
	}
	return p
}
