package guard

import (
	"bytes"
	"errors"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"math"
	"os"
	"testing"

	"burnish/imaging/enhance"
)

// photo reads a sample of testdata/photos.
func photo(t testing.TB, name string) enhance.Picture {
	t.Helper()
	data, err := os.ReadFile("../../../testdata/photos/" + name)
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	b := m.Bounds()
	p := enhance.Picture{Width: b.Dx(), Height: b.Dy(), Pix: make([]byte, 0, 3*b.Dx()*b.Dy())}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl, _ := m.At(x, y).RGBA()
			p.Pix = append(p.Pix, byte(r>>8), byte(g>>8), byte(bl>>8))
		}
	}
	return p
}

// disc is a product in the middle of a picture, of a radius in shares of its shorter side.
func disc(p enhance.Picture, radius float64) Mask {
	m := Mask{Width: p.Width, Height: p.Height, Cover: make([]uint8, p.Width*p.Height)}
	r := radius * float64(min(p.Width, p.Height))
	for i := range m.Cover {
		d := math.Hypot(float64(i%p.Width)+0.5-float64(p.Width)/2, float64(i/p.Width)+0.5-float64(p.Height)/2)
		m.Cover[i] = uint8(max(0, min(255, 127.5+255*(r-d)/2)))
	}
	return m
}

// repainted is what an honest model makes of a picture: other surroundings, another size, the product
// where a transform puts it.
func repainted(p enhance.Picture, m Mask, width, height int, place Transform) enhance.Picture {
	out := enhance.Picture{Width: width, Height: height, Pix: make([]byte, 3*width*height)}
	back := place.inverse()
	planes := reduce(p, region{0, 0, float64(p.Width), float64(p.Height)}, p.Width, p.Height)
	for i := range width * height {
		x, y := back.Apply(float64(i%width)+0.5, float64(i/width)+0.5)
		cover := 0.0
		if planes[0].inside(x, y) {
			cover = m.at(x/float64(p.Width), y/float64(p.Height)) / 255
		}
		for c := range 3 {
			ground := 90 + 100*float64(i/width)/float64(height) + 20*float64(c)
			v := ground + cover*(float64(planes[c].at(x, y))-ground)
			out.Pix[3*i+c] = uint8(max(0, min(255, v+0.5)))
		}
	}
	return out
}

func TestRegistration(t *testing.T) {
	p := photo(t, "board.jpg")
	m := disc(p, 0.35)
	turn := 0.6 * math.Pi / 180
	for name, want := range map[string]Transform{
		"reduced":         scaled(0.8, 7.3, -4.6),
		"enlarged by 3 %": scaled(0.824, -8, 3.2),
		"turned":          {{0.8 * math.Cos(turn), -0.8 * math.Sin(turn), 4}, {0.8 * math.Sin(turn), 0.8 * math.Cos(turn), -5}},
	} {
		t.Run(name, func(t *testing.T) {
			e := repainted(p, m, p.Width*4/5, p.Height*4/5, want)
			r, err := Compare(p, e, m, Defaults())
			if err != nil {
				t.Fatal(err)
			}
			if !r.Faithful() {
				t.Errorf("found %v, want none", r.Findings)
			}
			worst := 0.0
			for _, at := range [][2]float64{{0.3, 0.5}, {0.7, 0.5}, {0.5, 0.3}, {0.5, 0.7}} {
				x, y := at[0]*float64(p.Width), at[1]*float64(p.Height)
				u, v := r.Registration.Transform.Apply(x, y)
				a, b := want.Apply(x, y)
				worst = max(worst, math.Hypot(u-a, v-b))
			}
			if worst > 0.5 {
				t.Errorf("the product is registered %.2f pixels off, want 0.5 at most", worst)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	p := photo(t, "coffee.png")
	for name, c := range map[string]struct {
		original, edited enhance.Picture
		mask             Mask
		want             error
	}{
		"no picture":  {enhance.Picture{}, p, Whole(), ErrPicture},
		"cut off":     {p, enhance.Picture{Width: p.Width, Height: p.Height, Pix: p.Pix[1:]}, Whole(), ErrPicture},
		"huge":        {p, enhance.Picture{Width: 1 << 40, Height: 1 << 40, Pix: p.Pix}, Whole(), ErrPicture},
		"no mask":     {p, p, Mask{}, ErrMask},
		"short mask":  {p, p, Mask{Width: 9, Height: 9, Cover: make([]uint8, 80)}, ErrMask},
		"empty mask":  {p, p, Mask{Width: 9, Height: 9, Cover: make([]uint8, 81)}, ErrProduct},
		"one pixel":   {enhance.Picture{Width: 1, Height: 1, Pix: make([]byte, 3)}, p, Whole(), ErrProduct},
		"edit of one": {p, enhance.Picture{Width: 1, Height: 1, Pix: make([]byte, 3)}, Whole(), ErrProduct},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Compare(c.original, c.edited, c.mask, Defaults()); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}
