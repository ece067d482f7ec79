package main

import (
	stdimage "image"
	"image/color"
	"math"
	"math/rand/v2"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// mask is the share of each pixel that is product.
type mask struct {
	width, height int
	v             []float32
}

// product is a part of a photo.
type product struct {
	photo  image // with the label, if there is one
	mask   mask
	x, y   float64 // of its middle
	radius float64 // pixels, the mean
	label  *label
}

// pick takes a part of a photo that has some contrast as the product: a rounded shape of its own.
func pick(p image, rng *rand.Rand) product {
	side := float64(min(p.width, p.height))
	var best product
	most := -1.0
	for range 5 {
		q := product{photo: p, radius: side * (0.22 + 0.14*rng.Float64())}
		q.x = 1.25*q.radius + rng.Float64()*(float64(p.width)-2.5*q.radius)
		q.y = 1.25*q.radius + rng.Float64()*(float64(p.height)-2.5*q.radius)
		q.mask = blob(p.width, p.height, q.x, q.y, q.radius, rng)
		if c := q.contrast(); c > most {
			best, most = q, c
		}
		if most > 25 {
			break
		}
	}
	return best
}

// blob is a shape with smooth outline.
func blob(w, h int, cx, cy, radius float64, rng *rand.Rand) mask {
	var size, phase [4]float64
	for i := range size {
		size[i], phase[i] = 0.12*rng.Float64()/float64(i+1), 2*math.Pi*rng.Float64()
	}
	aspect := 0.85 + 0.3*rng.Float64()
	m := mask{w, h, make([]float32, w*h)}
	reach := 1.6 * radius // beyond the farthest bulge
	for y := max(0, int(cy-reach)); y < min(h, int(cy+reach)); y++ {
		for x := max(0, int(cx-reach)); x < min(w, int(cx+reach)); x++ {
			dx, dy := (float64(x)+0.5-cx)*aspect, (float64(y)+0.5-cy)/aspect
			a, r := math.Atan2(dy, dx), radius
			for i := range size {
				r += radius * size[i] * math.Sin(float64(i+2)*a+phase[i])
			}
			m.v[y*w+x] = float32(max(0, min(1, 0.5+(r-math.Hypot(dx, dy))/1.5)))
		}
	}
	return m
}

// contrast is the standard deviation of a product's green.
func (q product) contrast() float64 {
	var n, sum, square float64
	for i, m := range q.mask.v {
		if m > 0.5 {
			g := float64(q.photo.v[3*i+1])
			n, sum, square = n+1, sum+g, square+g*g
		}
	}
	return math.Sqrt(max(0, square/max(1, n)-sum*sum/max(1, n*n)))
}

// label is what is printed on a product.
type label struct {
	lines        []string
	x, y         int // of its upper left corner
	width, rows  int // pixels
	size         float64
	paper, print color.RGBA
}

// letters that are not easily taken for each other.
const letters = "ABEGHKLMNRSTUWXZ2457"

func word(n int, rng *rand.Rand) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[rng.IntN(len(letters))]
	}
	return string(b)
}

// newLabel draws what is to be printed.
func (q product) newLabel(rng *rand.Rand) *label {
	l := &label{width: int(1.05 * q.radius), rows: int(0.62 * q.radius), size: q.radius * (0.2 + 0.06*rng.Float64())}
	l.x, l.y = int(q.x)-l.width/2, int(q.y)-l.rows/2
	for range 2 {
		l.lines = append(l.lines, word(5+rng.IntN(2), rng))
	}
	light := color.RGBA{uint8(215 + rng.IntN(40)), uint8(215 + rng.IntN(40)), uint8(205 + rng.IntN(50)), 255}
	dark := color.RGBA{uint8(rng.IntN(90)), uint8(rng.IntN(70)), uint8(rng.IntN(110)), 255}
	l.paper, l.print = light, dark
	if rng.IntN(3) == 0 {
		l.paper, l.print = dark, light
	}
	return l
}

var bold = func() *opentype.Font {
	f, err := opentype.Parse(gobold.TTF)
	if err != nil {
		panic(err)
	}
	return f
}()

// draw prints a label on a picture.
func (l *label) draw(p image) image {
	m := stdimage.NewRGBA(stdimage.Rect(0, 0, l.width, l.rows))
	for i := range l.width * l.rows {
		m.SetRGBA(i%l.width, i/l.width, l.paper)
	}
	face, err := opentype.NewFace(bold, &opentype.FaceOptions{Size: l.size, DPI: 72})
	if err != nil {
		panic(err)
	}
	d := font.Drawer{Dst: m, Src: stdimage.NewUniform(l.print), Face: face}
	for i, line := range l.lines {
		d.Dot = fixed.P((l.width-d.MeasureString(line).Round())/2, int(l.size*(1.2+1.15*float64(i))))
		d.DrawString(line)
	}
	out, from := p.clone(), fromRGBA(m)
	for y := range l.rows {
		for x := range l.width {
			// A little of what is below, so that light and texture of the product stay.
			v, below := from.at(float64(x)+0.5, float64(y)+0.5), p.at(float64(l.x+x)+0.5, float64(l.y+y)+0.5)
			for c := range v {
				v[c] = 0.9*v[c] + 0.1*below[c]
			}
			out.set(l.x+x, l.y+y, v)
		}
	}
	return out
}

// changed is the label with other text: one letter, a line, or all of it, by strength.
func (l *label) changed(strength int, rng *rand.Rand) *label {
	out := *l
	out.lines = append([]string(nil), l.lines...)
	row := rng.IntN(len(l.lines))
	switch strength {
	case 0:
		b := []byte(l.lines[row])
		i := rng.IntN(len(b))
		for old := b[i]; b[i] == old; {
			b[i] = letters[rng.IntN(len(letters))]
		}
		out.lines[row] = string(b)
	case 1:
		out.lines[row] = word(len(l.lines[row]), rng)
	default:
		for i := range out.lines {
			out.lines[i] = word(len(l.lines[i]), rng)
		}
	}
	return &out
}
