package guard

import "burnish/imaging/enhance"

// plane is one channel of a picture, or a mask. The middle of pixel (x, y) lies at (x+0.5, y+0.5).
type plane struct {
	width, height int
	v             []float32 // row by row
}

func newPlane(width, height int) plane {
	return plane{width, height, make([]float32, width*height)}
}

// rgb is a picture as planes.
type rgb [3]plane

// region is a rectangle of a picture, in its pixels.
type region struct{ x, y, width, height float64 }

// reduce averages a region of a picture to a smaller one, by area: each pixel of the result is the
// mean of what it covers. Beyond the picture lies its outermost pixel.
func reduce(p enhance.Picture, r region, width, height int) rgb {
	var out rgb
	for c := range out {
		out[c] = newPlane(width, height)
	}
	columns := spans(r.x, r.width, width, p.Width)
	sum := make([]float32, 3*width)
	for y, rows := range spans(r.y, r.height, height, p.Height) {
		clear(sum)
		for k, share := range rows.share {
			line := p.Pix[3*p.Width*clamp(rows.from+k, p.Height):]
			for x, s := range columns {
				var a, b, c float32
				for j, w := range s.share {
					i := 3 * clamp(s.from+j, p.Width)
					a += w * float32(line[i])
					b += w * float32(line[i+1])
					c += w * float32(line[i+2])
				}
				sum[3*x] += share * a
				sum[3*x+1] += share * b
				sum[3*x+2] += share * c
			}
		}
		for x := range width {
			for c := range out {
				out[c].v[y*width+x] = sum[3*x+c]
			}
		}
	}
	return out
}

func clamp(i, n int) int { return max(0, min(n-1, i)) }

// span is what one pixel of a reduced picture covers along one side.
type span struct {
	from  int
	share []float32 // of each covered pixel; their sum is 1
}

// spans cuts a stretch of a side of length size into n parts. Parts of less than a pixel are
// interpolated linearly.
func spans(start, length float64, n, size int) []span {
	out := make([]span, n)
	step := length / float64(n)
	for i := range out {
		a, b := start+float64(i)*step, start+float64(i+1)*step
		if step < 1 {
			mid := (a + b) / 2
			a, b = mid-0.5, mid+0.5
		}
		a, b = max(-1, min(float64(size), a)), max(0, min(float64(size)+1, b))
		first := int(a+1) - 1 // rounded down; a is at least -1
		s := span{from: first}
		for k := first; float64(k) < b; k++ {
			w := min(b, float64(k+1)) - max(a, float64(k))
			s.share = append(s.share, float32(max(0, w)/max(b-a, 1e-9)))
		}
		out[i] = s
	}
	return out
}

// luma is what the structure of a picture is compared by: Rec. 601 luma.
func (p rgb) luma() plane {
	out := newPlane(p[0].width, p[0].height)
	for i := range out.v {
		out.v[i] = 0.299*p[0].v[i] + 0.587*p[1].v[i] + 0.114*p[2].v[i]
	}
	return out
}

// half averages 2 × 2 pixels; an odd last row or column is left out.
func (p plane) half() plane {
	out := newPlane(max(1, p.width/2), max(1, p.height/2))
	for y := range out.height {
		a := p.v[min(2*y, p.height-1)*p.width:]
		b := p.v[min(2*y+1, p.height-1)*p.width:]
		for x := range out.width {
			i, j := min(2*x, p.width-1), min(2*x+1, p.width-1)
			out.v[y*out.width+x] = (a[i] + a[j] + b[i] + b[j]) / 4
		}
	}
	return out
}

// at is the value at a place, between pixels linearly. Beyond the border lies the outermost pixel.
func (p plane) at(x, y float64) float32 {
	fx := max(0, min(float64(p.width-1), x-0.5))
	fy := max(0, min(float64(p.height-1), y-0.5))
	i, j := int(fx), int(fy)
	u, v := float32(fx-float64(i)), float32(fy-float64(j))
	k := j*p.width + i
	right, down := 1, p.width
	if i == p.width-1 {
		right = 0
	}
	if j == p.height-1 {
		down = 0
	}
	top := p.v[k] + u*(p.v[k+right]-p.v[k])
	bottom := p.v[k+down] + u*(p.v[k+down+right]-p.v[k+down])
	return top + v*(bottom-top)
}

// inside reports whether a place lies on the plane.
func (p plane) inside(x, y float64) bool {
	return x >= 0 && y >= 0 && x <= float64(p.width) && y <= float64(p.height)
}

// blur averages within radius pixels along rows and columns, twice, which is near a Gaussian of
// σ = sqrt((2r+1)² - 1)/√6.
func (p plane) blur(radius int) plane {
	a, b := newPlane(p.width, p.height), newPlane(p.width, p.height)
	copy(a.v, p.v)
	for range 2 {
		boxRows(a, b, radius)
		boxColumns(b, a, radius)
	}
	return a
}

// soft averages with the binomial weights 1 2 1 along rows and columns, a Gaussian of σ 0.7.
func (p plane) soft() plane {
	mid, out := newPlane(p.width, p.height), newPlane(p.width, p.height)
	for y := range p.height {
		row := p.v[y*p.width : (y+1)*p.width]
		to := mid.v[y*p.width : (y+1)*p.width]
		for x := range row {
			to[x] = (row[max(0, x-1)] + 2*row[x] + row[min(x+1, len(row)-1)]) / 4
		}
	}
	for y := range p.height {
		up, here := mid.v[max(0, y-1)*p.width:], mid.v[y*p.width:(y+1)*p.width]
		down, to := mid.v[min(y+1, p.height-1)*p.width:], out.v[y*p.width:(y+1)*p.width]
		for x := range here {
			to[x] = (up[x] + 2*here[x] + down[x]) / 4
		}
	}
	return out
}

// boxRows writes the mean of each pixel's 2r+1 neighbours along its row.
func boxRows(from, to plane, r int) {
	n := from.width
	inv := 1 / float32(2*r+1)
	for y := range from.height {
		in, out := from.v[y*n:(y+1)*n], to.v[y*n:(y+1)*n]
		var sum float32
		for k := -r; k <= r; k++ {
			sum += in[clamp(k, n)]
		}
		for x := range out {
			out[x] = sum * inv
			sum += in[min(x+r+1, n-1)] - in[max(0, x-r)]
		}
	}
}

// boxColumns writes the mean of each pixel's 2r+1 neighbours along its column.
func boxColumns(from, to plane, r int) {
	n, h := from.width, from.height
	inv := 1 / float32(2*r+1)
	sum := make([]float32, n)
	for k := -r; k <= r; k++ {
		for x, v := range from.v[clamp(k, h)*n : (clamp(k, h)+1)*n] {
			sum[x] += v
		}
	}
	for y := range h {
		out := to.v[y*n : (y+1)*n]
		in, gone := from.v[min(y+r+1, h-1)*n:], from.v[max(0, y-r)*n:]
		for x := range out {
			out[x] = sum[x] * inv
			sum[x] += in[x] - gone[x]
		}
	}
}
