package enhance

import (
	"encoding/json"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"burnish/imaging"
)

// sample reads a sample photo as it is: those that are tested have at most 640 pixels.
func sample(t *testing.T, name string) Picture {
	t.Helper()
	file, err := os.Open(filepath.Join("../../testdata/photos", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	img, _, err := image.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	return from(img.Bounds().Dx(), img.Bounds().Dy(), func(x, y int) (uint8, uint8, uint8) {
		r, g, b, _ := img.At(x, y).RGBA()
		return uint8(r >> 8), uint8(g >> 8), uint8(b >> 8)
	})
}

func from(width, height int, at func(x, y int) (r, g, b uint8)) Picture {
	p := Picture{Width: width, Height: height, Pix: make([]byte, 0, 3*width*height)}
	for y := range height {
		for x := range width {
			r, g, b := at(x, y)
			p.Pix = append(p.Pix, r, g, b)
		}
	}
	return p
}

// A manifest says that nothing was done with [], not with null.
func TestNoStepIsAnEmptyList(t *testing.T) {
	text, err := json.Marshal(imaging.Result{Steps: Decide(imaging.Analysis{}, imaging.Enhance{}).Steps})
	if err != nil {
		t.Fatal(err)
	}
	var back imaging.Result // as it comes out of an imager
	if err := json.Unmarshal(text, &back); err != nil || back.Steps == nil || len(back.Steps) > 0 {
		t.Errorf("steps are %#v (%v) in %s", back.Steps, err, text)
	}
}

func TestChromaIsDecidedPerPhoto(t *testing.T) {
	for _, test := range []struct {
		photo string
		want  imaging.Chroma
	}{
		{"smarties.png", imaging.Full}, // flat saturated sweets on white
		{"coffee.png", imaging.Subsampled},
		{"chelsea.png", imaging.Subsampled},
		{"astronaut.png", imaging.Subsampled},
		{"apple.jpg", imaging.Subsampled},
		{"orange.jpg", imaging.Subsampled},
		{"fruits.jpg", imaging.Subsampled}, // saturated, but textured all over
		{"board.jpg", imaging.Subsampled},
		{"rocket.jpg", imaging.Subsampled}, // night: its loss is in the dark
	} {
		t.Run(test.photo, func(t *testing.T) {
			a := Measure(sample(t, test.photo), nil, nil)
			if got := Decide(a, imaging.Enhance{}).Chroma; got != test.want {
				t.Errorf("%s at a loss of %.2f, want %s", got, a.ChromaLoss, test.want)
			}
		})
	}
}

func TestChromaLossOfDrawings(t *testing.T) {
	for _, test := range []struct {
		name  string
		at    func(x, y int) (r, g, b uint8)
		least float64
		most  float64
	}{
		{"one colour", func(x, y int) (r, g, b uint8) { return 200, 30, 40 }, 0, 0},
		{"grey edges", func(x, y int) (r, g, b uint8) { v := uint8(x / 8 % 2 * 255); return v, v, v }, 0, 0},
		{"few red lines on white", func(x, y int) (r, g, b uint8) {
			if x%50 == 25 {
				return 230, 0, 20
			}
			return 255, 255, 255
		}, 10, 60},
		{"red and blue in every pixel", func(x, y int) (r, g, b uint8) {
			if (x+y)%2 == 0 {
				return 230, 0, 20
			}
			return 20, 0, 230
		}, 0, 0}, // all texture: no edge stands out
	} {
		t.Run(test.name, func(t *testing.T) {
			loss := ChromaLoss(from(128, 96, test.at))
			if loss < test.least || loss > test.most {
				t.Errorf("loss is %.2f, want %g to %g", loss, test.least, test.most)
			}
		})
	}
}

// Hostile sizes: too small to have edges, or fewer samples than they promise.
func TestChromaLossOfLittle(t *testing.T) {
	for _, p := range []Picture{{}, {Width: 1, Height: 1, Pix: []byte{1, 2, 3}}, {Width: 10, Height: 10, Pix: []byte{1}}} {
		if loss := ChromaLoss(p); loss != 0 {
			t.Errorf("%d × %d: loss is %g, want 0", p.Width, p.Height, loss)
		}
	}
	odd := from(3, 5, func(x, y int) (r, g, b uint8) { return uint8(80 * x), uint8(50 * y), 0 })
	if loss := ChromaLoss(odd); math.IsNaN(loss) || loss < 0 {
		t.Errorf("3 × 5: loss is %g", loss)
	}
}

// JFIF's conversion must come back to within rounding, or it would itself count as loss.
func TestYCCRoundTrip(t *testing.T) {
	p := from(64, 64, func(x, y int) (r, g, b uint8) { return uint8(4 * x), uint8(4 * y), uint8(2 * (x + y)) })
	ycc := toYCC(p)
	for i := range ycc.y {
		r, g, b := toRGB(int32(ycc.y[i]), int32(ycc.cb[i]), int32(ycc.cr[i]))
		for c, v := range []uint8{r, g, b} {
			if d := int(v) - int(p.Pix[3*i+c]); d > 2 || d < -2 {
				t.Fatalf("pixel %d comes back as %d %d %d from %v", i, r, g, b, p.Pix[3*i:3*i+3])
			}
		}
	}
}
