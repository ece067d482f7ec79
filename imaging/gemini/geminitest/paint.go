package geminitest

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	stddraw "image/draw"
	"image/png"
	"math"

	"golang.org/x/image/draw"
)

// Paint is what the stand-in does to a photo, besides bringing it to the size asked for. The zero
// value does nothing more.
type Paint struct {
	Shift       image.Point     // pixels of the result
	Scale       float64         // about the middle; 0 means 1
	Gain        [3]float64      // of red, green and blue levels; 0 means 1
	Label       image.Rectangle // of the photo, in thousandths of its width and height: its contents are jumbled
	Surrounding bool            // everything but the middle ellipse, 3/4 of the size, becomes another scene
}

// dimensions are those of a picture of a size and ratio: about the area of the square, in
// multiples of a 64th of its side.
func (s *Server) dimensions(e Edit) (w, h int) {
	aw, ah, err := aspect(e.Aspect)
	if err != nil {
		return 16, 16
	}
	ratio, side := math.Sqrt(float64(aw)/float64(ah)), float64(s.options.Sides[e.Size])
	step := max(1, math.Floor(side/64))
	round := func(x float64) int { return int(max(1, math.Round(x/step)) * step) }
	return round(side * ratio), round(side / ratio)
}

// apply paints the photo in w × h pixels: as large as it fits, on the photo's corner colour.
func (p Paint) apply(photo image.Image, w, h int) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	corner := photo.At(photo.Bounds().Min.X, photo.Bounds().Min.Y)
	stddraw.Draw(out, out.Bounds(), image.NewUniform(corner), image.Point{}, stddraw.Src)
	b := photo.Bounds()
	scale := min(float64(w)/float64(b.Dx()), float64(h)/float64(b.Dy()))
	if p.Scale > 0 {
		scale *= p.Scale
	}
	pw, ph := int(float64(b.Dx())*scale), int(float64(b.Dy())*scale)
	at := image.Pt((w-pw)/2, (h-ph)/2).Add(p.Shift)
	place := image.Rectangle{at, at.Add(image.Pt(pw, ph))}
	draw.BiLinear.Scale(out, place, photo, b, draw.Src, nil)
	p.jumble(out, place)
	p.recolour(out)
	return out
}

// jumble turns the label upside down, so that its text is no longer the same.
func (p Paint) jumble(out *image.NRGBA, place image.Rectangle) {
	l := p.Label
	box := image.Rect(l.Min.X*place.Dx()/1000, l.Min.Y*place.Dy()/1000, l.Max.X*place.Dx()/1000, l.Max.Y*place.Dy()/1000).
		Add(place.Min).Intersect(out.Bounds())
	for y := 0; y < box.Dy()/2; y++ {
		for x := range box.Dx() {
			a, b := image.Pt(box.Min.X+x, box.Min.Y+y), image.Pt(box.Max.X-1-x, box.Max.Y-1-y)
			ca, cb := out.NRGBAAt(a.X, a.Y), out.NRGBAAt(b.X, b.Y)
			out.SetNRGBA(a.X, a.Y, cb)
			out.SetNRGBA(b.X, b.Y, ca)
		}
	}
}

// recolour applies the gains, and paints the scene: a warm wall over a table.
func (p Paint) recolour(out *image.NRGBA) {
	w, h := out.Bounds().Dx(), out.Bounds().Dy()
	gain := p.Gain
	for i := range gain {
		if gain[i] == 0 {
			gain[i] = 1
		}
	}
	if gain == [3]float64{1, 1, 1} && !p.Surrounding {
		return
	}
	for y := range h {
		for x := range w {
			c := out.NRGBAAt(x, y)
			dx, dy := (float64(x)/float64(w)-0.5)/0.375, (float64(y)/float64(h)-0.5)/0.375
			if p.Surrounding && dx*dx+dy*dy > 1 {
				c = scene(float64(y) / float64(h))
			}
			out.SetNRGBA(x, y, color.NRGBA{level(c.R, gain[0]), level(c.G, gain[1]), level(c.B, gain[2]), 255})
		}
	}
}

func scene(y float64) color.NRGBA {
	if y > 0.7 {
		return color.NRGBA{120, 84, 58, 255}
	}
	return color.NRGBA{uint8(236 - 40*y), uint8(222 - 44*y), uint8(200 - 50*y), 255}
}

func level(v uint8, gain float64) uint8 { return uint8(min(255, math.Round(float64(v)*gain))) }

// draft is a picture of a thought: small and grey.
func draft() []byte { return encode(image.NewNRGBA(image.Rect(0, 0, 8, 8))) }

func encode(m image.Image) []byte {
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, m); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.Bytes()
}

func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // the wire's own types
	}
	return b
}
