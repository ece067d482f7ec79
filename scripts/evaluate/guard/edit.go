package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"

	"burnish/imaging/enhance"
	"burnish/imaging/gemini/guard"
)

// pair is an original and an edit of it.
type pair struct {
	photo    string
	apart    bool   // kept apart: thresholds are not looked for on it
	kind     string // of damage; "" for a faithful edit
	strength int    // 0 to 2
	number   int

	original image
	mask     guard.Mask
	edited   enhance.Picture
}

func (p pair) name() string {
	kind := p.kind
	if kind == "" {
		kind = "faithful"
	}
	base := filepath.Base(p.photo)
	return fmt.Sprintf("%s-%02d-%s-%d", strings.TrimSuffix(base, filepath.Ext(base)), p.number, strings.ReplaceAll(kind, " ", "-"), p.strength)
}

const faithfuls = 5 // edits of each photo

// pairsOf makes the pairs of a photo: faithful ones, and one of each kind of damage.
func pairsOf(p, scene image, file string, index int, seed uint64) []pair {
	rng := rand.New(rand.NewPCG(seed, uint64(index)))
	plain := pick(p, rng)
	labelled := plain
	labelled.label = plain.newLabel(rng)
	labelled.photo = labelled.label.draw(plain.photo)
	var out []pair
	put := func(q, damaged product, kind string, strength int, place placement) {
		e := edit(damaged, scene, place, rng)
		out = append(out, pair{
			photo: file, apart: index%2 == 1, kind: kind, strength: strength, number: len(out),
			original: q.photo, mask: q.mask.cover(), edited: e.bytes(),
		})
	}
	for i := range faithfuls {
		q := plain
		if i%2 == 1 {
			q = labelled
		}
		q = q.onGround(i%3 == 2, rng)
		put(q, q, "", 0, slight(rng))
	}
	for i, k := range kinds {
		q := plain
		if i == 0 || (index+i)%3 == 0 {
			q = labelled
		}
		q = q.onGround((index+i)%2 == 0, rng)
		strength := (index/2 + i) % 3
		for range 20 { // what nobody would notice is drawn again
			if d := k.damage(q, strength, rng); noticed(q, d) {
				put(q, d, k.name, strength, slight(rng))
				break
			}
		}
	}
	strength := (index / 2) % 3
	put(plain, plain, "moved or scaled", strength, far(strength, rng))
	return out
}

// onGround is a product before a plain ground, or as it was.
func (q product) onGround(plain bool, rng *rand.Rand) product {
	if !plain {
		return q
	}
	out := q.photo.clone()
	ground := float32(225 + rng.IntN(30))
	for i, m := range q.mask.v {
		for c := range 3 {
			out.v[3*i+c] = ground + m*(out.v[3*i+c]-ground)
		}
	}
	q.photo = out
	return q
}

// placement is what becomes of a product's place.
type placement struct {
	dx, dy   float64 // shares of the frame's diagonal
	scale    float64
	rotation float64 // radians
}

// slight is as models do it that are asked to leave a product alone.
func slight(rng *rand.Rand) placement {
	k := 1.0
	if rng.IntN(3) > 0 {
		k = 1 + (0.01+0.02*rng.Float64())*float64(1-2*rng.IntN(2))
	}
	return placement{0.012 * (2*rng.Float64() - 1), 0.012 * (2*rng.Float64() - 1), k, 0.004 * (2*rng.Float64() - 1)}
}

// far is farther than anybody would call the same place and size.
func far(strength int, rng *rand.Rand) placement {
	p := slight(rng)
	if rng.IntN(2) == 0 {
		k := 1 + []float64{0.10, 0.16, 0.25}[strength]
		p.scale = k
		if rng.IntN(2) == 0 {
			p.scale = 1 / k
		}
		return p
	}
	a, d := 2*math.Pi*rng.Float64(), []float64{0.06, 0.09, 0.14}[strength]
	p.dx, p.dy = d*math.Cos(a), d*math.Sin(a)
	return p
}

// edit puts a product into new surroundings, as an image model hands it back: at another size and
// aspect ratio, a little off, resampled, with other light, and compressed.
func edit(q product, scene image, place placement, rng *rand.Rand) image {
	aspects := [][2]int{{1024, 1024}, {1184, 864}, {864, 1184}, {1248, 832}, {1344, 768}}
	size := aspects[rng.IntN(len(aspects))]
	if rng.IntN(2) == 0 { // of the original's own aspect ratio
		k := 1000 / float64(max(q.photo.width, q.photo.height))
		size = [2]int{int(k * float64(q.photo.width)), int(k * float64(q.photo.height))}
	}
	w, h := float64(size[0]), float64(size[1])
	fit := min(w/float64(q.photo.width), h/float64(q.photo.height))
	k := fit * place.scale
	diagonal := fit * math.Hypot(float64(q.photo.width), float64(q.photo.height))
	cx, cy := float64(q.photo.width)/2, float64(q.photo.height)/2
	cos, sin := math.Cos(place.rotation)/k, math.Sin(place.rotation)/k
	back := func(u, v float64) (x, y float64) {
		u, v = u-w/2-place.dx*diagonal, v-h/2-place.dy*diagonal
		return cx + cos*u + sin*v, cy - sin*u + cos*v
	}
	// The middle of scaling is the product's own.
	px, py := q.x, q.y
	if place.scale != 1 {
		inner := back
		back = func(u, v float64) (x, y float64) {
			x, y = inner(u, v)
			return x + (px-cx)*(1-1/place.scale), y + (py-cy)*(1-1/place.scale)
		}
	}

	photo := q.photo
	if k < 1 {
		photo = photo.blurred(0.45 * math.Sqrt(1/(k*k)-1))
	}
	cover := newImage(q.mask.width, q.mask.height)
	for i, m := range q.mask.v {
		cover.v[3*i] = 255 * m
	}
	out := surroundings(size[0], size[1], scene, rng)
	paint(out, photo, cover, back, q.radius*k, rng)
	tone(out, rng)
	out = out.blurred(0.25 + 0.35*rng.Float64())
	if c, err := out.recompressed(75 + rng.IntN(20)); err == nil {
		return c
	}
	return out
}

// surroundings are plain, a gradient, or a scene out of focus.
func surroundings(w, h int, scene image, rng *rand.Rand) image {
	out := newImage(w, h)
	base, end := [3]float32{}, [3]float32{}
	for c := range base {
		base[c], end[c] = float32(150+rng.IntN(105)), float32(60+rng.IntN(180))
	}
	kind := rng.IntN(3)
	for y := range h {
		for x := range w {
			v := base
			switch kind {
			case 1:
				t := float32(y) / float32(h)
				for c := range v {
					v[c] += t * (end[c] - base[c])
				}
			case 2:
				v = scene.at(float64(x)/float64(w)*float64(scene.width), float64(y)/float64(h)*float64(scene.height))
			}
			out.set(x, y, v)
		}
	}
	return out
}

// paint lays the product over its surroundings, with a soft shadow below and light from around it.
func paint(out, photo, cover image, back func(u, v float64) (x, y float64), radius float64, rng *rand.Rand) {
	layer := newImage(out.width, out.height)
	for y := range out.height {
		for x := range out.width {
			u, v := back(float64(x)+0.5, float64(y)+0.5)
			if u > 0 && v > 0 && u < float64(photo.width) && v < float64(photo.height) {
				layer.set(x, y, cover.at(u, v))
			}
		}
	}
	shadow := layer.blurred(max(2, 0.06*radius))
	down, dark := 0.1*radius, float32(0.25+0.3*rng.Float64())
	var around [3]float32
	for c := range around {
		around[c] = out.v[3*(out.width*out.height/2)+c]
	}
	reflected := float32(0.03 + 0.05*rng.Float64())
	for y := range out.height {
		for x := range out.width {
			i := 3 * (y*out.width + x)
			s := shadow.at(float64(x)+0.5, float64(y)+0.5-down)[0] / 255
			a := layer.v[i] / 255
			u, v := back(float64(x)+0.5, float64(y)+0.5)
			p := photo.at(u, v)
			rim := reflected * (1 - shadow.v[i]/255) * 2 // only near the outline
			for c := range 3 {
				ground := out.v[i+c] * (1 - dark*s)
				out.v[i+c] = ground + a*(p[c]+rim*(around[c]-p[c])-ground)
			}
		}
	}
}

// tone changes exposure, contrast and warmth a little.
func tone(p image, rng *rand.Rand) {
	gain, warm := 1+0.06*(2*rng.Float64()-1), 0.012*(2*rng.Float64()-1)
	gamma := 1 + 0.06*(2*rng.Float64()-1)
	const steps = 4 // of a level
	var table [3][255*steps + 1]float32
	for c, k := range [3]float64{gain * (1 + warm), gain, gain * (1 - warm)} {
		for i := range table[c] {
			table[c][i] = float32(255 * min(1, k*math.Pow(float64(i)/(255*steps), gamma)))
		}
	}
	for i, v := range p.v {
		p.v[i] = table[i%3][int(steps*max(0, min(255, v))+0.5)]
	}
}
