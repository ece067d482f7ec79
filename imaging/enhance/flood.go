package enhance

import "fmt"

// flood tells ground from product, pixel by pixel.
type flood struct {
	width, height int
	p             Picture
	light, tint   []float32 // off the surface, in levels: luminance, and colour once it is scaled to the same luminance
	ratio         []float32 // of luminance to the surface's
	ground        []bool
	edge          []int32 // ground pixels whose neighbours were not looked at yet
	near, stride  float32 // levels off the surface, and from one pixel to the next, that ground may differ by
	hue           float32 // levels of colour
	deep          int     // pixels that were reached as shadow
}

func newFlood(p Picture, s Surface, noise float64) *flood {
	n := p.Width * p.Height
	f := &flood{
		width: p.Width, height: p.Height, p: p,
		light: make([]float32, n), tint: make([]float32, n), ratio: make([]float32, n),
		ground: make([]bool, n), edge: make([]int32, 0, n),
	}
	smooth := p
	if noise > 1.5 {
		smooth = boxed(p)
		noise /= 2 // not by 3: noise of JPEG and of demosaicing is no white noise
	}
	f.near, f.stride, f.hue = float32(3+3*noise), float32(2.5+noise), float32(5+2.5*noise)
	f.measure(smooth, s)
	return f
}

// measure fills in how far each pixel is off the surface.
func (f *flood) measure(p Picture, s Surface) {
	for y := range f.height {
		v := place(y, f.height)
		var at [3][3]float32 // of each band: its terms of u in this row
		for b := range 3 {
			c := s[b]
			at[b] = [3]float32{float32(c[0] + c[2]*v + c[5]*v*v), float32(c[1] + c[4]*v), float32(c[3])}
		}
		for x := range f.width {
			i := y*f.width + x
			u := float32(place(x, f.width))
			r, g, b := float32(p.Pix[3*i]), float32(p.Pix[3*i+1]), float32(p.Pix[3*i+2])
			sr := min(255, at[0][0]+u*(at[0][1]+u*at[0][2]))
			sg := min(255, at[1][0]+u*(at[1][1]+u*at[1][2]))
			sb := min(255, at[2][0]+u*(at[2][1]+u*at[2][2]))
			own, its := (54*r+183*g+19*b)/256, max(1, (54*sr+183*sg+19*sb)/256)
			k := own / its
			f.light[i], f.ratio[i] = own-its, k
			f.tint[i] = max(abs(r-k*sr), abs(g-k*sg), abs(b-k*sb))
		}
	}
}

func abs(x float32) float32 {
	if x < 0 {
		return -x
	}
	return x
}

// boxed averages 3 × 3 pixels; beyond the border lies the outermost pixel.
func boxed(p Picture) Picture {
	out := Picture{Width: p.Width, Height: p.Height, Pix: make([]byte, len(p.Pix))}
	row := 3 * p.Width
	sums := make([]uint16, row)
	for y := range p.Height {
		up, down := p.Pix[max(0, y-1)*row:], p.Pix[min(p.Height-1, y+1)*row:]
		here := p.Pix[y*row:]
		for i := range sums {
			sums[i] = uint16(up[i]) + uint16(here[i]) + uint16(down[i])
		}
		to := out.Pix[y*row:]
		for i := range sums {
			left, right := i-3, i+3
			if left < 0 {
				left = i
			}
			if right >= row {
				right = i
			}
			to[i] = byte((sums[left] + sums[i] + sums[right] + 4) / 9)
		}
	}
	return out
}

// fromBorder floods from the border what is as the surface.
func (f *flood) fromBorder() {
	alike := func(_, i int32) bool { return abs(f.light[i]) <= f.near && f.tint[i] <= f.hue }
	for x := range f.width {
		f.seed(int32(x), alike)
		f.seed(int32((f.height-1)*f.width+x), alike)
	}
	for y := range f.height {
		f.seed(int32(y*f.width), alike)
		f.seed(int32((y+1)*f.width-1), alike)
	}
	f.spread(alike)
}

func (f *flood) seed(i int32, may func(from, i int32) bool) {
	if !f.ground[i] && may(i, i) {
		f.ground[i] = true
		f.edge = append(f.edge, i)
	}
}

// spread goes on from the pixels in f.edge to neighbours that may be ground, and counts them.
func (f *flood) spread(may func(from, i int32) bool) (reached int) {
	w := int32(f.width)
	for len(f.edge) > 0 {
		i := f.edge[len(f.edge)-1]
		f.edge = f.edge[:len(f.edge)-1]
		x := i % w
		for _, j := range [4]int32{i - w, i + w, i - 1, i + 1} {
			if j < 0 || int(j) >= len(f.ground) || f.ground[j] || j == i-1 && x == 0 || j == i+1 && x == w-1 || !may(i, j) {
				continue
			}
			f.ground[j] = true
			f.edge = append(f.edge, j)
			reached++
		}
	}
	return reached
}

// shadows floods on from the ground over what keeps the ground's colour and changes little from
// pixel to pixel, as soft shadows and uneven light do and outlines of products do not.
func (f *flood) shadows() {
	w := int32(f.width)
	soft := func(from, i int32) bool {
		stride := f.stride + 0.15*abs(f.light[from]) // a shadow begins softly, and an outline at once
		if f.tint[i] > f.hue || f.ratio[i] < 0.4 || f.ratio[i] > 1.05 || abs(f.light[i]-f.light[from]) > stride {
			return false
		}
		// An outline that is blurred over some pixels rises steadily; so look two pixels on.
		on := 2*i - from
		on2 := on + i - from
		if on < 0 || int(on) >= len(f.light) || on2 < 0 || int(on2) >= len(f.light) {
			return true
		}
		return abs(f.light[on2]-f.light[from]) <= 2.5*stride
	}
	for i := range f.ground {
		j := int32(i)
		if f.ground[i] && (i >= f.width && !f.ground[j-w] || i+f.width < len(f.ground) && !f.ground[j+w] ||
			i > 0 && !f.ground[j-1] || i+1 < len(f.ground) && !f.ground[j+1]) {
			f.edge = append(f.edge, j)
		}
	}
	f.deep = f.spread(soft)
}

// refit fits the surface to all that is ground so far.
func (f *flood) refit(s Surface) Surface {
	spots := make([]spot, 0, len(f.ground)/29+1)
	for i := 0; i < len(f.ground); i += 29 {
		if f.ground[i] {
			s := spotAt(f.p, i%f.width, i/f.width)
			s.weight = s.tells()
			spots = append(spots, s)
		}
	}
	if len(spots) < 200 {
		return s
	}
	return fitSurface(spots)
}

// notGround says why what was flooded is no ground, or "".
func (f *flood) notGround() string {
	ground := 0
	for _, is := range f.ground {
		if is {
			ground++
		}
	}
	share := float64(ground) / float64(len(f.ground))
	switch {
	case share < leastGround:
		return fmt.Sprintf("an even colour covers only %.0f %% of it", 100*share)
	case share > mostGround:
		return "nothing stands out from it"
	case f.deep > ground/2:
		return "most of it is shade"
	}
	return ""
}
