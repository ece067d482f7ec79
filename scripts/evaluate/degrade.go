package main

import (
	"bytes"
	"hash/fnv"
	"image"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
)

// picture is a photo in 8-bit sRGB.
type picture struct {
	width, height int
	pix           []uint8 // R, G, B of each pixel, row by row
}

// row is what is done to photos before they are to be repaired.
type row struct {
	name string
	what string // the formula, for people
	do   func(p picture, name string) []byte
}

// rows are the known degradations. Light is linear: sRGB's transfer function undone.
var rows = []row{
	{"good", "the photo as it is", func(p picture, _ string) []byte { return p.png() }},
	{"-2EV", "light × 1/4", inLight(0.25, 0.25, 0.25)},
	{"-1EV", "light × 1/2", inLight(0.5, 0.5, 0.5)},
	{"+0.7EV", "light × 2^0.7, cut off", inLight(1.6245, 1.6245, 1.6245)},
	{"flat", "sRGB × 0.65 + 0.175", each(func(v float64, _ int) float64 { return 0.65*v + 0.175 })},
	{"warm", "light × (1.15, 1, 0.75)", inLight(1.15, 1, 0.75)},
	{"cool", "light × (0.8, 1, 1.2)", inLight(0.8, 1, 1.2)},
	{"green", "light × (0.9, 1.1, 0.9)", inLight(0.9, 1.1, 0.9)},
	{"noise", "Gaussian noise of 8 levels in each channel", noise(8)},
	{"blur", "Gaussian blur of 1.2 pixels", blur(1.2)},
	{"jpeg", "JPEG of quality 30", coded(30)},
}

// each changes every sample by itself: sRGB from 0 to 1, and its channel.
func each(f func(v float64, channel int) float64) func(picture, string) []byte {
	var table [3][256]uint8
	for c := range table {
		for v := range table[c] {
			table[c][v] = to8(f(float64(v)/255, c))
		}
	}
	return func(p picture, _ string) []byte {
		out := p.like()
		for i, v := range p.pix {
			out.pix[i] = table[i%3][v]
		}
		return out.png()
	}
}

// inLight multiplies the light of each channel.
func inLight(r, g, b float64) func(picture, string) []byte {
	by := [3]float64{r, g, b}
	return each(func(v float64, c int) float64 { return fromLight(min(1, by[c]*toLight(v))) })
}

// noise adds Gaussian noise, the same every time for the same name.
func noise(sigma float64) func(picture, string) []byte {
	return func(p picture, name string) []byte {
		h := fnv.New64a()
		h.Write([]byte(name))
		r := rand.New(rand.NewPCG(h.Sum64(), 1))
		out := p.like()
		for i, v := range p.pix {
			out.pix[i] = to8((float64(v) + sigma*r.NormFloat64()) / 255)
		}
		return out.png()
	}
}

// blur is a Gaussian blur in sRGB; the edge is repeated.
func blur(sigma float64) func(picture, string) []byte {
	kernel := gaussian(sigma, int(3*sigma+1))
	return func(p picture, _ string) []byte {
		out := p.like()
		for c := range 3 {
			plane := make([]float64, p.width*p.height)
			for i := range plane {
				plane[i] = float64(p.pix[3*i+c])
			}
			for i, v := range convolve(plane, p.width, p.height, kernel) {
				out.pix[3*i+c] = to8(v / 255)
			}
		}
		return out.png()
	}
}

// coded is a JPEG as it comes: no PNG of it, so that its tables can be seen.
func coded(quality int) func(picture, string) []byte {
	return func(p picture, _ string) []byte {
		var out bytes.Buffer
		if err := jpeg.Encode(&out, p.image(), &jpeg.Options{Quality: quality}); err != nil {
			panic(err) // into memory
		}
		return out.Bytes()
	}
}

func toLight(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

func fromLight(v float64) float64 {
	if v <= 0.0031308 {
		return 12.92 * v
	}
	return 1.055*math.Pow(v, 1/2.4) - 0.055
}

func to8(v float64) uint8 { return uint8(math.Round(255 * min(1, max(0, v)))) }

func (p picture) like() picture {
	return picture{p.width, p.height, make([]uint8, len(p.pix))}
}

func (p picture) image() image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, p.width, p.height))
	for i := range p.width * p.height {
		copy(img.Pix[4*i:], p.pix[3*i:3*i+3])
		img.Pix[4*i+3] = 255
	}
	return img
}

func (p picture) png() []byte {
	var out bytes.Buffer
	e := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := e.Encode(&out, p.image()); err != nil {
		panic(err) // into memory
	}
	return out.Bytes()
}

// pictureOf takes the pixels of an image.
func pictureOf(img image.Image) picture {
	b := img.Bounds()
	p := picture{b.Dx(), b.Dy(), make([]uint8, 0, 3*b.Dx()*b.Dy())}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, b, _ := img.At(x, y).RGBA()
			p.pix = append(p.pix, uint8(r>>8), uint8(g>>8), uint8(b>>8))
		}
	}
	return p
}
