package enhance

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"testing"
)

// speckled adds Gaussian noise of a standard deviation to every sample.
func speckled(p Picture, sigma float64) Picture {
	random := rand.New(rand.NewPCG(1, 2))
	return from(p.Width, p.Height, func(x, y int) (uint8, uint8, uint8) {
		var out [3]uint8
		for c := range 3 {
			out[c] = uint8(max(0, min(255, math.Round(float64(p.Pix[3*(y*p.Width+x)+c])+sigma*random.NormFloat64()))))
		}
		return out[0], out[1], out[2]
	})
}

// softened averages 1 2 1 both ways, some times over: each adds half a pixel² to the variance of the
// point spread.
func softened(p Picture, times int) Picture {
	for range times {
		q := p
		p = from(q.Width, q.Height, func(x, y int) (uint8, uint8, uint8) {
			var out [3]uint8
			for c := range 3 {
				sum := 8
				for j := -1; j <= 1; j++ {
					for i := -1; i <= 1; i++ {
						xx, yy := max(0, min(q.Width-1, x+i)), max(0, min(q.Height-1, y+j))
						sum += (2 - i*i) * (2 - j*j) * int(q.Pix[3*(yy*q.Width+xx)+c])
					}
				}
				out[c] = uint8(sum / 16)
			}
			return out[0], out[1], out[2]
		})
	}
	return p
}

// Of independent noise in R, G and B, luminance has √(0.21² + 0.71² + 0.07²) = 0.75.
func TestNoiseIsMeasured(t *testing.T) {
	for _, name := range []string{"chelsea.png", "fruits.jpg", "rocket.jpg"} {
		for _, sigma := range []float64{0, 4, 8, 16} {
			d := detail([]Picture{speckled(sample(t, name), sigma)})
			if want := 0.75 * sigma; d.Noise < 0.8*want || d.Noise > 1.1*want+0.7 {
				t.Errorf("%s: noise of %.1f is measured as %.2f", name, want, d.Noise)
			}
		}
	}
}

func TestSharpnessFallsWithBlur(t *testing.T) {
	for _, name := range []string{"coffee.png", "chelsea.png"} {
		last := 1.01
		for _, times := range []int{0, 1, 3, 6} {
			s := detail([]Picture{softened(sample(t, name), times)}).Sharpness
			if s <= 0 || s >= last {
				t.Errorf("%s softened %d times has %.2f, less softened %.2f", name, times, s, last)
			}
			last = s
		}
		if last > 0.35 {
			t.Errorf("%s: %.2f at the end", name, last)
		}
	}
	if s := detail([]Picture{from(96, 96, func(x, y int) (r, g, b uint8) { return 90, 90, 90 })}).Sharpness; s != 0 {
		t.Errorf("%g of nothing", s)
	}
}

func TestDetailOfLittle(t *testing.T) {
	for _, p := range []Picture{{}, {Width: 5, Height: 5, Pix: make([]byte, 75)}, {Width: 200, Height: 200, Pix: []byte{1}}} {
		if d := detail([]Picture{p}); d.Noise != 0 || d.Sharpness != 0 || d.Texture != 0 {
			t.Errorf("%d × %d: %+v", p.Width, p.Height, d)
		}
	}
}

// The examples of Hasler and Süsstrunk are photos of their own; these follow from their formula.
func TestColourfulness(t *testing.T) {
	for _, test := range []struct {
		name string
		p    Picture
		want float64
	}{
		{"grey", from(40, 30, func(x, y int) (r, g, b uint8) { v := uint8(6 * x); return v, v, v }), 0},
		{"one red", from(40, 30, func(x, y int) (r, g, b uint8) { return 200, 0, 0 }), 0.3 * math.Hypot(200, 100)},
		{"red and cyan", from(40, 30, func(x, y int) (r, g, b uint8) {
			if x%2 == 0 {
				return 200, 0, 0
			}
			return 0, 200, 200
		}), math.Hypot(200, 100)},
		{"none", Picture{}, 0},
	} {
		if got := Colourfulness(test.p); math.Abs(got-test.want) > 0.01 {
			t.Errorf("%s: %.2f, want %.2f", test.name, got, test.want)
		}
	}
	if grey, sweets := Colourfulness(sample(t, "rocket.jpg")), Colourfulness(sample(t, "fruits.jpg")); grey >= sweets {
		t.Errorf("a night has %.1f, fruits %.1f", grey, sweets)
	}
}

func TestJPEGQualityIsReadFromTheTables(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 16, 16))
	img.Set(3, 3, color.White)
	for _, quality := range []int{5, 20, 35, 50, 65, 80, 92, 100} {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
			t.Fatal(err)
		}
		if got := JPEGQuality(b.Bytes()); got < quality-1 || got > quality+1 {
			t.Errorf("%d, want %d", got, quality)
		}
		for n := range 200 { // cut off anywhere: none, or the same
			if got := JPEGQuality(b.Bytes()[:n]); got != 0 && (got < quality-1 || got > quality+1) {
				t.Fatalf("%d of the first %d bytes", got, n)
			}
		}
	}
	for _, hostile := range []string{"", "\xff\xd8", "\xff\xd8\xff\xff\xff\xff", "\xff\xd8\xff\xdb\x00\x00", "\xff\xd8\xff\xdb\x00\x03\x55", "\x89PNG\r\n\x1a\n"} {
		if got := JPEGQuality([]byte(hostile)); got != 0 {
			t.Errorf("%d of %q", got, hostile)
		}
	}
}
