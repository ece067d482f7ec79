package main

import (
	"math"
	"math/rand/v2"

	"burnish/imaging/enhance"
)

// kinds of damage, in the order of the table.
var kinds = []struct {
	name   string
	damage func(q product, strength int, rng *rand.Rand) product
}{
	{"label text changed", relabel},
	{"colour shifted", recolor},
	{"shape changed", reshape},
	{"part removed", remove},
	{"part added", add},
	{"texture smoothed", smooth},
}

// relabel changes the text on a product that has a label.
func relabel(q product, strength int, rng *rand.Rand) product {
	other := q.label.changed(strength, rng)
	q.photo = other.draw(q.photo)
	return q
}

// recolor turns the hue of all of a product or of a part of it.
func recolor(q product, strength int, rng *rand.Rand) product {
	turn := []float64{0.5, 0.9, 1.6}[strength]
	if rng.IntN(2) == 0 {
		turn = -turn
	}
	part := blob(q.photo.width, q.photo.height, q.x, q.y, 4*q.radius, rng)
	if rng.IntN(3) == 0 { // a part
		a := 2 * math.Pi * rng.Float64()
		part = blob(q.photo.width, q.photo.height, q.x+0.4*q.radius*math.Cos(a), q.y+0.4*q.radius*math.Sin(a), 0.45*q.radius, rng)
	}
	tint := [3]float32{}
	for c := range tint { // for greys, which have no hue to turn
		tint[c] = float32(14*(1+float64(strength))) * float32(math.Cos(turn+float64(c)*2*math.Pi/3))
	}
	out := q.photo.clone()
	cos, sin := float32(math.Cos(turn)), float32(math.Sin(turn))
	for i, m := range part.v {
		if m == 0 {
			continue
		}
		p := out.v[3*i : 3*i+3]
		y := 0.299*p[0] + 0.587*p[1] + 0.114*p[2]
		u, v := p[2]-y, p[0]-y
		u, v = cos*u-sin*v, sin*u+cos*v
		r, b := y+v+tint[0], y+u+tint[2]
		g := y - (0.299*v+0.114*u)/0.587 + tint[1]
		for c, w := range []float32{r, g, b} {
			p[c] = max(0, min(255, p[c]+m*(w-p[c])))
		}
	}
	q.photo = out
	return q
}

// reshape stretches a product or pulls a part of it.
func reshape(q product, strength int, rng *rand.Rand) product {
	if rng.IntN(2) == 0 {
		k := 1 + []float64{0.06, 0.10, 0.16}[strength]
		return q.warped(func(x, y float64) (float64, float64) { return q.x + (x-q.x)/k, q.y + (y-q.y)*math.Sqrt(k) })
	}
	pull := q.radius * []float64{0.09, 0.14, 0.2}[strength]
	a, b := 2*math.Pi*rng.Float64(), 2*math.Pi*rng.Float64()
	cx, cy, r := q.x+0.5*q.radius*math.Cos(a), q.y+0.5*q.radius*math.Sin(a), 0.55*q.radius
	return q.warped(func(x, y float64) (float64, float64) {
		w := math.Exp(-((x-cx)*(x-cx) + (y-cy)*(y-cy)) / (r * r / 2))
		return x - w*pull*math.Cos(b), y - w*pull*math.Sin(b)
	})
}

// warped takes each pixel from elsewhere.
func (q product) warped(from func(x, y float64) (float64, float64)) product {
	photo, m := newImage(q.photo.width, q.photo.height), mask{q.mask.width, q.mask.height, make([]float32, len(q.mask.v))}
	for y := range photo.height {
		for x := range photo.width {
			u, v := from(float64(x)+0.5, float64(y)+0.5)
			photo.set(x, y, q.photo.at(u, v))
			i, j := max(0, min(m.width-1, int(u))), max(0, min(m.height-1, int(v)))
			m.v[y*m.width+x] = q.mask.v[j*m.width+i]
		}
	}
	q.photo, q.mask = photo, m
	return q
}

// somewhere is a place within a product.
func (q product) somewhere(rng *rand.Rand) (x, y float64) {
	a, r := 2*math.Pi*rng.Float64(), 0.75*q.radius*math.Sqrt(rng.Float64())
	return q.x + r*math.Cos(a), q.y + r*math.Sin(a)
}

// remove paints over a part with what is around it, or bites it off at the outline.
func remove(q product, strength int, rng *rand.Rand) product {
	r := q.radius * []float64{0.13, 0.19, 0.27}[strength]
	if rng.IntN(3) == 0 {
		a := 2 * math.Pi * rng.Float64()
		hole := blob(q.mask.width, q.mask.height, q.x+q.radius*math.Cos(a), q.y+q.radius*math.Sin(a), 1.3*r, rng)
		m := mask{q.mask.width, q.mask.height, make([]float32, len(q.mask.v))}
		for i := range m.v {
			m.v[i] = q.mask.v[i] * (1 - hole.v[i])
		}
		q.mask = m
		return q
	}
	x, y := q.somewhere(rng)
	hole := blob(q.mask.width, q.mask.height, x, y, r, rng)
	out := q.photo.clone()
	a := 2 * math.Pi * rng.Float64()
	near := q.photo.at(x+1.2*r*math.Cos(a), y+1.2*r*math.Sin(a))
	far := q.photo.at(x-1.2*r*math.Cos(a), y-1.2*r*math.Sin(a))
	for i, m := range hole.v {
		if m == 0 {
			continue
		}
		px, py := float64(i%q.mask.width), float64(i/q.mask.width)
		t := float32(max(0, min(1, 0.5-((px-x)*math.Cos(a)+(py-y)*math.Sin(a))/(2.4*r))))
		grain := float32(2 * rng.NormFloat64())
		for c := range 3 {
			out.v[3*i+c] += m * (near[c] + t*(far[c]-near[c]) + grain - out.v[3*i+c])
		}
	}
	q.photo = out
	return q
}

// add puts on a button, or a piece of the product from elsewhere.
func add(q product, strength int, rng *rand.Rand) product {
	r := q.radius * []float64{0.10, 0.16, 0.24}[strength]
	x, y := q.somewhere(rng)
	part := blob(q.mask.width, q.mask.height, x, y, r, rng)
	out := q.photo.clone()
	button := rng.IntN(2) == 0
	base := [3]float32{float32(rng.IntN(256)), float32(rng.IntN(256)), float32(rng.IntN(256))}
	sx, sy := q.somewhere(rng)
	for i, m := range part.v {
		if m == 0 {
			continue
		}
		px, py := float64(i%q.mask.width)+0.5, float64(i/q.mask.width)+0.5
		v := q.photo.at(px-x+sx, py-y+sy)
		if button {
			light := float32(1 - 0.3*((px-x)+(py-y))/(2*r))
			for c := range v {
				v[c] = max(0, min(255, base[c]*light))
			}
		}
		for c := range v {
			out.v[3*i+c] += m * (v[c] - out.v[3*i+c])
		}
	}
	q.photo = out
	return q
}

// smooth takes the texture and leaves strong edges, as models do that paint a product anew.
func smooth(q product, strength int, _ *rand.Rand) product {
	sigma := q.radius * []float64{0.018, 0.026, 0.04}[strength]
	soft := q.photo.blurred(sigma)
	out := q.photo.clone()
	for i := range q.mask.v {
		for c := range 3 {
			d := soft.v[3*i+c] - out.v[3*i+c]
			keep := float32(math.Exp(-float64(d*d) / (2 * 30 * 30))) // 30 levels and more are edges
			out.v[3*i+c] += keep * d
		}
	}
	q.photo = out
	return q
}

// noticed is whether a person would notice the difference of two products side by side: at least
// 0.3 % of the product differ by ΔE2000 of 8 or more once fine grain is averaged, or a tenth of it does
// so in its texture, by 4 and more.
func noticed(a, b product) bool {
	reduce := max(1, int(a.radius/110))
	n, strong, some := 0, 0, 0
	for y := 0; y+reduce <= a.photo.height; y += reduce {
		for x := 0; x+reduce <= a.photo.width; x += reduce {
			i := y*a.photo.width + x
			if a.mask.v[i] < 0.5 {
				continue
			}
			n++
			d := 30.0 // of what is no product any more
			if b.mask.v[i] >= 0.5 {
				d = enhance.DeltaE2000(mean(a.photo, x, y, reduce), mean(b.photo, x, y, reduce))
			}
			if d >= 8 {
				strong++
			}
			if d >= 4 {
				some++
			}
		}
	}
	return strong*1000 >= 3*n && some > 0 || some*10 >= n
}

func mean(p image, x, y, side int) enhance.Lab {
	var sum [3]float32
	for v := y; v < y+side; v++ {
		for u := x; u < x+side; u++ {
			for c := range sum {
				sum[c] += p.v[3*(v*p.width+u)+c]
			}
		}
	}
	k := float32(side * side)
	return enhance.LabOf(uint8(max(0, min(255, sum[0]/k))), uint8(max(0, min(255, sum[1]/k))), uint8(max(0, min(255, sum[2]/k))))
}
