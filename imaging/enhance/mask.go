package enhance

import "math"

// mask makes a mask of the flood, with soft edges.
func (f *flood) mask() Mask {
	m := Mask{Width: f.width, Height: f.height, Cover: make([]uint8, len(f.ground))}
	depth := f.depths()
	outline, strong, white := 0, 0, 0
	for i, d := range depth {
		if d == 0 {
			continue
		}
		m.Cover[i] = 255
		if d > 2 {
			continue
		}
		cover, contrast, pale, ok := f.cover(i, depth)
		if !ok {
			continue
		}
		stands := contrast >= leastProduct+float64(f.near)
		if stands {
			m.Cover[i] = uint8(255*cover + 0.5)
		}
		if d == 1 {
			outline++
			if stands {
				strong++
			}
			if pale {
				white++
			}
		}
	}
	if outline > 0 {
		m.Confidence = float64(strong) / float64(outline) * compact(depth, f.width)
		m.Pale = float64(white) / float64(outline)
	}
	m.Alike = f.alike(depth)
	m.Confidence = math.Round(1000*m.Confidence) / 1000
	return m
}

// inside is how far from the ground a pixel of the product has to be to show nothing of it.
const inside = 4

// depths is the distance from the ground of each pixel, in steps to one of 8 neighbours, up to inside.
func (f *flood) depths() []uint8 {
	depth := make([]uint8, len(f.ground))
	for i, ground := range f.ground {
		if !ground {
			depth[i] = inside
		}
	}
	for level := uint8(0); level < inside-1; level++ {
		for y := range f.height {
			for x := range f.width {
				i := y*f.width + x
				if depth[i] == inside && touches(depth, x, y, f.width, f.height, level) {
					depth[i] = level + 1
				}
			}
		}
	}
	return depth
}

// touches reports whether one of 8 neighbours has a value.
func touches(of []uint8, x, y, width, height int, value uint8) bool {
	for v := max(0, y-1); v <= min(height-1, y+1); v++ {
		for u := max(0, x-1); u <= min(width-1, x+1); u++ {
			if of[v*width+u] == value {
				return true
			}
		}
	}
	return false
}

// cover is how much of a pixel at the outline shows product rather than ground: where its colour
// lies between those of the ground nearby and of the product further in. ok is false where nothing
// tells what colour the product has.
func (f *flood) cover(i int, depth []uint8) (share, contrast float64, pale, ok bool) {
	var in, out [3]float64
	nIn, nOut, deepest := 0.0, 0.0, uint8(0)
	x, y := i%f.width, i/f.width
	const reach = 3
	for v := max(0, y-reach); v <= min(f.height-1, y+reach); v++ {
		for u := max(0, x-reach); u <= min(f.width-1, x+reach); u++ {
			j := v*f.width + u
			d := depth[j]
			if d == 0 {
				for b := range out {
					out[b] += float64(f.p.Pix[3*j+b])
				}
				nOut++
				continue
			}
			if d > deepest && d <= 3 {
				deepest, nIn, in = d, 0, [3]float64{}
			}
			if min(d, 3) == deepest {
				for b := range in {
					in[b] += float64(f.p.Pix[3*j+b])
				}
				nIn++
			}
		}
	}
	if nIn == 0 || nOut == 0 {
		return 1, 0, false, false
	}
	dot, square := 0.0, 0.0
	for b := range in {
		step := in[b]/nIn - out[b]/nOut
		dot += step * (float64(f.p.Pix[3*i+b]) - out[b]/nOut)
		square += step * step
	}
	pale = min(in[0], in[1], in[2]) > nIn*paleLevel
	return max(0, min(1, dot/max(1, square))), math.Sqrt(square / 3), pale, true
}

// paleLevel is from where on a product is hard to tell from white.
const paleLevel = 238

// alike is the share of a product's inside that is as the ground or its shade.
func (f *flood) alike(depth []uint8) float64 {
	all, like := 0, 0
	for i, d := range depth {
		if d < 2 {
			continue
		}
		all++
		if f.tint[i] <= f.hue && f.ratio[i] > 0.85 && f.ratio[i] < 1.1 {
			like++
		}
	}
	return float64(like) / float64(max(1, all))
}

// compact is how much of a product is well inside of it, or would be if gaps were closed: 1 for one
// that is all of a piece.
func compact(depth []uint8, width int) float64 {
	const reach = 4
	product, gaps := 0, 0
	height := len(depth) / width
	for y := range height {
		for x := range width {
			i := y*width + x
			if depth[i] > 0 {
				product++
				continue
			}
			if x < reach || y < reach || x >= width-reach || y >= height-reach {
				continue
			}
			if depth[i-reach] > 0 && depth[i+reach] > 0 || depth[i-reach*width] > 0 && depth[i+reach*width] > 0 {
				gaps++
			}
		}
	}
	return max(0, 1-2*float64(gaps)/float64(max(1, product)))
}
