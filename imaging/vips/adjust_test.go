package vips

import (
	"math"
	"testing"

	"burnish/imaging"
	"burnish/imaging/enhance"
)

// stored decodes a PNG at its own size. The caller holds the library and releases it.
func stored(t *testing.T, source []byte) picture {
	t.Helper()
	h, err := readHeader(imaging.PNG, source, imaging.Limits{Bytes: 1 << 20, Megapixels: 1, Bands: 4, Frames: 1})
	if err != nil {
		t.Fatal(err)
	}
	p, err := decode(source, h, size{width: h.width, height: h.height}, unlimited)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// adjusted is a sample photo's pixels before and after.
func adjusted(t *testing.T, name string, a enhance.Adjustment) (before, after []byte, bands int) {
	t.Helper()
	engine(t)
	library.Lock()
	defer library.Unlock()
	p := stored(t, fixture(t, name))
	defer p.release()
	q, err := p.adjust(a)
	if err != nil {
		t.Fatal(err)
	}
	defer q.release()
	return p.pixels(), q.pixels(), int(p.c.Bands)
}

func TestAdjustingByNothingGivesThePhotoItself(t *testing.T) {
	before, after, _ := adjusted(t, "chelsea.png", enhance.Adjustment{})
	if string(before) != string(after) {
		t.Error("pixels changed")
	}
}

// The tables are exact: a matrix that changes nothing, and is not skipped, keeps every pixel.
func TestAdjustingIsExact(t *testing.T) {
	one := enhance.Matrix{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}
	before, after, _ := adjusted(t, "smarties.png", enhance.Adjustment{Matrix: one})
	for i := range before {
		if before[i] != after[i] {
			t.Fatalf("sample %d changes from %d to %d", i, before[i], after[i])
		}
	}
}

// Against floating point, to within rounding, which in the dark is more than half a level: linear light, matrix, curve, what is too bright towards grey, sRGB.
func TestAdjustingAgreesWithItsFormula(t *testing.T) {
	warm := enhance.Matrix{{1.1, 0.02, 0}, {0, 0.97, 0.01}, {0, 0, 0.85}}
	for _, a := range []enhance.Adjustment{
		{Tone: enhance.Tone{EV: 1, White: 1.6}},
		{Tone: enhance.Tone{EV: -0.7}},
		{Tone: enhance.Tone{EV: 2}},
		{Matrix: warm, Tone: enhance.Tone{EV: 0.4}},
		{Tone: enhance.Tone{Slope: 1.4, Offset: -0.15}},
	} {
		before, after, bands := adjusted(t, "coffee.png", a)
		for i := 0; i < len(before); i += bands {
			want := formula(a, before[i:i+3])
			for c := range 3 {
				if d := math.Abs(float64(after[i+c]) - want[c]); d > 1.6 {
					t.Fatalf("%+v takes %v to %v, want %.1f", a, before[i:i+3], after[i:i+3], want)
				}
			}
		}
	}
}

func formula(a enhance.Adjustment, pix []byte) (out [3]float64) {
	var in [3]float64
	for c, v := range pix {
		in[c] = math.Pow((float64(v)/255+0.055)/1.055, 2.4)
		if v <= 10 {
			in[c] = float64(v) / 255 / 12.92
		}
	}
	m := a.Matrix.Coefficients()
	var mixed [3]float64
	for c := range 3 {
		mixed[c] = m[c][0]*in[0] + m[c][1]*in[1] + m[c][2]*in[2]
	}
	y := min(1, 0.2126*mixed[0]+0.7152*mixed[1]+0.0722*mixed[2])
	light, chroma := a.Tone.At(y)
	high := light
	for c := range 3 {
		out[c] = light + chroma*(mixed[c]-y)
		high = max(high, out[c])
	}
	for c, v := range out {
		if high > 1 {
			v = light + (v-light)*(1-light)/(high-light)
		}
		v = max(0, min(1, v))
		if v <= 0.0031308 {
			out[c] = 255 * 12.92 * v
		} else {
			out[c] = 255 * (1.055*math.Pow(v, 1/2.4) - 0.055)
		}
	}
	return out
}

func TestAdjustingLeavesAlpha(t *testing.T) {
	before, after, bands := adjusted(t, "alpha.png", enhance.Adjustment{Tone: enhance.Tone{EV: 1}})
	if bands != 4 {
		t.Fatalf("%d bands", bands)
	}
	changed := 0
	for i := 0; i < len(before); i += 4 {
		if before[i+3] != after[i+3] {
			t.Fatalf("alpha changes at %d from %d to %d", i/4, before[i+3], after[i+3])
		}
		if before[i] != after[i] {
			changed++
		}
	}
	if changed == 0 {
		t.Error("and so does every colour")
	}
}
