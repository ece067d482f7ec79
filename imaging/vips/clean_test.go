package vips

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"testing"

	"burnish/imaging"
	"burnish/imaging/enhance"
)

// packshot is a product of a sample photo's colours on a ground, with the truth about it.
type packshot struct {
	source []byte // PNG
	img    *image.NRGBA
	cover  []float64 // of each pixel by the product
	shade  []float64 // share of the light that the shadow takes
}

// pack makes one: a box with round corners around a third of the photo. Its light falls off to the
// side by slope.
func pack(t *testing.T, product image.Image, ground color.NRGBA, slope, shadow, noise float64) packshot {
	t.Helper()
	const width, height = 600, 450
	p := packshot{
		img:   image.NewNRGBA(image.Rect(0, 0, width, height)),
		cover: make([]float64, width*height), shade: make([]float64, width*height),
	}
	random := rand.New(rand.NewPCG(1, 2))
	distance := func(x, y float64) float64 {
		dx, dy := math.Abs(x-300)-130, math.Abs(y-215)-110
		return math.Hypot(max(0, dx), max(0, dy)) + min(0, max(dx, dy)) - 20
	}
	b := product.Bounds()
	for y := range height {
		for x := range width {
			i := y*width + x
			fx, fy := float64(x)+0.5, float64(y)+0.5
			a := max(0, min(1, 0.5-distance(fx, fy)/1.5))
			d := max(0, distance(fx-10, fy-22))
			p.cover[i], p.shade[i] = a, shadow*math.Exp(-d*d/(2*18*18))
			light := (1 - p.shade[i]) * (1 + slope*(fx-300)/300)
			r, g, bl, _ := product.At(b.Min.X+x*b.Dx()/width, b.Min.Y+y*b.Dy()/height).RGBA()
			mix := func(own uint32, ground uint8) uint8 {
				v := a*float64(own>>8) + (1-a)*light*float64(ground) + noise*random.NormFloat64()
				return uint8(math.Round(max(0, min(255, v))))
			}
			p.img.Set(x, y, color.NRGBA{mix(r, ground.R), mix(g, ground.G), mix(bl, ground.B), 255})
		}
	}
	var coded bytes.Buffer
	if err := png.Encode(&coded, p.img); err != nil {
		t.Fatal(err)
	}
	p.source = coded.Bytes()
	return p
}

func photo(t *testing.T, name string) image.Image {
	t.Helper()
	img, _, err := image.Decode(bytes.NewReader(fixture(t, name)))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// whitened is the largest variant of a photo at its own size, all but lossless, with no other step.
func whitened(t *testing.T, e *Engine, source []byte) (imaging.Result, image.Image) {
	t.Helper()
	r := exact(source, 640)
	r.Enhance = imaging.Enhance{Background: 12}
	result := process(t, e, r)
	return result, decodeJPEG(t, result.Variants[0].Data)
}

// cleaning is the result's step, or none.
func cleaning(r imaging.Result) imaging.Step {
	for _, s := range r.Steps {
		if s.Name == "background" {
			return s
		}
	}
	return imaging.Step{}
}

// An off-white ground becomes white, product and shadow stay, and the second time nothing is left to do.
func TestCleaningWhitensTheGroundAlone(t *testing.T) {
	e := engine(t)
	off, cool := color.NRGBA{238, 236, 231, 255}, color.NRGBA{232, 234, 236, 255}
	for _, test := range []struct {
		name    string
		product string
		ground  color.NRGBA
		slope   float64
		shadow  float64
		noise   float64
	}{
		{"shadow", "coffee.png", off, 0, 0.35, 1.5},
		{"noise", "chelsea.png", cool, 0, 0, 3},
		{"uneven", "coffee.png", cool, 0.04, 0.3, 1.5},
		{"dark", "retina.jpg", off, 0.03, 0.2, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := pack(t, photo(t, test.product), test.ground, test.slope, test.shadow, test.noise)
			first, once := whitened(t, e, p.source)
			if s := cleaning(first); s.Strength == 0 {
				t.Fatalf("steps %+v, ground %+v", first.Steps, first.Analysis.Ground)
			}
			white, ground, product, inside, shade, kept := 0, 0, 0.0, 0, 0.0, 0
			for i, a := range p.cover {
				x, y := i%600, i/600
				before, after := labAt(p.img, x, y), labAt(once, x, y)
				switch {
				case a == 1:
					product += enhance.DeltaE2000(before, after)
					inside++
				case a == 0 && p.shade[i] < 0.004:
					ground++
					if r, g, b, _ := once.At(x, y).RGBA(); min(r, g, b)>>8 >= 254 {
						white++
					}
				case a == 0 && p.shade[i] > 0.1:
					r, _, _, _ := once.At(x, y).RGBA()
					shade += float64(r>>8)/255 - (1 - p.shade[i])
					kept++
				}
			}
			if white*100 < ground*99 {
				t.Errorf("only %.2f %% of the ground is white", 100*float64(white)/float64(ground))
			}
			if product/float64(inside) > 1.5 {
				t.Errorf("the product changes by ΔE %.2f", product/float64(inside))
			}
			if kept > 0 && math.Abs(shade/float64(kept)) > 0.03 {
				t.Errorf("shadows are off by %+.3f of white", shade/float64(kept))
			}
			second, twice := whitened(t, e, first.Variants[0].Data)
			if again := difference(t, once, twice); again >= 0.5 || cleaning(second).Strength > 0 {
				t.Errorf("the second time changes it by ΔE %.2f: %+v", again, second.Steps)
			}
		})
	}
}

// What the product encloses is the product's, however like the ground it is: a label, its text.
func TestCleaningLeavesLabels(t *testing.T) {
	label := image.NewNRGBA(image.Rect(0, 0, 600, 450))
	for y := range 450 {
		for x := range 600 {
			c := color.NRGBA{30, 70, 110, 255}
			if x > 230 && x < 370 && y > 150 && y < 280 {
				c = color.NRGBA{244, 243, 240, 255}
				if x/3%3 == 0 && y/9%2 == 0 {
					c = color.NRGBA{20, 20, 20, 255}
				}
			}
			label.Set(x, y, c)
		}
	}
	e := engine(t)
	p := pack(t, label, color.NRGBA{240, 239, 236, 255}, 0, 0.2, 1)
	result, once := whitened(t, e, p.source)
	if cleaning(result).Strength == 0 {
		t.Fatalf("steps %+v", result.Steps)
	}
	sum, n := 0.0, 0
	for y := 150; y < 280; y++ {
		for x := 230; x < 370; x++ {
			sum += enhance.DeltaE2000(labAt(p.img, x, y), labAt(once, x, y))
			n++
		}
	}
	if sum/float64(n) > 1 {
		t.Errorf("the label changes by ΔE %.2f", sum/float64(n))
	}
}

// A photo with transparent pixels has no background of its own, and scenes have none that is plain.
func TestCleaningLeavesOthers(t *testing.T) {
	e := engine(t)
	p := pack(t, photo(t, "chelsea.png"), color.NRGBA{238, 236, 231, 255}, 0, 0, 1)
	p.img.Set(3, 3, color.NRGBA{0, 0, 0, 0})
	var coded bytes.Buffer
	if err := png.Encode(&coded, p.img); err != nil {
		t.Fatal(err)
	}
	result, _ := whitened(t, e, coded.Bytes())
	if s := cleaning(result); s.Veto == "" || s.Strength != 0 {
		t.Errorf("transparent: %+v", result.Steps)
	}
	for _, name := range []string{"coffee.png", "astronaut.png"} {
		result, _ := whitened(t, e, fixture(t, name))
		if s := cleaning(result); s.Name != "" || result.Analysis.Ground.Not == "" {
			t.Errorf("%s: %+v of %+v", name, s, result.Analysis.Ground)
		}
	}
}
