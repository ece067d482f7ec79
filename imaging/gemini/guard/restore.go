package guard

import (
	"fmt"
	"math"

	"burnish/imaging/enhance"
)

// Restored is an edit with the original's product put back.
type Restored struct {
	Picture enhance.Picture
	X, Y    int     // where the original's upper left corner lies in it, in pixels; may be negative
	Seam    float64 // share of the outline beyond which the edit's own product still shows
}

const (
	feather   = 3          // pixels inside of the outline over which the product gives way
	mostMade  = 40_000_000 // pixels of a result
	seamNeeds = 400        // points of the outline are looked at, at most
)

// Restore puts the original's product over the edit's surroundings, in the original's resolution: the
// surroundings are resampled, the product's pixels are not. The result shows all of the edit. Within the mask, feather pixels and more from its
// outline, every pixel is the original's.
//
// It works on all pixels of both pictures. r is what Compare said of the same three. A result of more than 40 megapixels is an error.
func Restore(original, edited enhance.Picture, mask Mask, r Registration) (Restored, error) {
	if err := check(original, edited, mask); err != nil {
		return Restored{}, err
	}
	t := r.Transform
	if s := t.Scale(); !(s > 1e-3) || math.IsInf(s, 0) {
		return Restored{}, fmt.Errorf("nothing to put back by, the product was not found in the edit: %w", ErrProduct)
	}
	frame, err := frameOf(edited, t)
	if err != nil {
		return Restored{}, err
	}
	planes := reduce(edited, region{0, 0, float64(edited.Width), float64(edited.Height)}, edited.Width, edited.Height)
	cover := coverOf(mask, original)
	alpha := cover.feathered()
	out := enhance.Picture{Width: frame.width, Height: frame.height, Pix: make([]byte, 3*frame.width*frame.height)}
	for y := range out.Height {
		for x := range out.Width {
			i := 3 * (y*out.Width + x)
			ox, oy := x+frame.x, y+frame.y
			a := float32(0)
			if ox >= 0 && oy >= 0 && ox < original.Width && oy < original.Height {
				a = alpha.v[oy*original.Width+ox]
			}
			if a >= 1 {
				copy(out.Pix[i:i+3], original.Pix[3*(oy*original.Width+ox):])
				continue
			}
			u, v := t.Apply(float64(ox)+0.5, float64(oy)+0.5)
			for c := range 3 {
				ground := planes[c].at(u, v)
				if a > 0 {
					ground += a * (float32(original.Pix[3*(oy*original.Width+ox)+c]) - ground)
				}
				out.Pix[i+c] = uint8(max(0, min(255, ground+0.5)))
			}
		}
	}
	return Restored{out, -frame.x, -frame.y, round(seam(out, cover, -frame.x, -frame.y))}, nil
}

// frame is a rectangle in the original's pixels, whole ones.
type frame struct{ x, y, width, height int }

// frameOf is what of the original's plane an edit covers.
func frameOf(edited enhance.Picture, t Transform) (frame, error) {
	back := t.inverse()
	x0, y0 := back.Apply(0, 0)
	x1, y1 := back.Apply(float64(edited.Width), float64(edited.Height))
	f := frame{int(math.Round(x0)), int(math.Round(y0)), int(math.Round(x1 - x0)), int(math.Round(y1 - y0))}
	if f.width < 1 || f.height < 1 || f.width > mostMade/f.height {
		return f, fmt.Errorf("a result of %d × %d pixels, where %d are the most: %w", f.width, f.height, mostMade, ErrPicture)
	}
	return f, nil
}

// coverOf lays a mask over the whole original: 1 is product.
func coverOf(mask Mask, original enhance.Picture) plane {
	out := newPlane(original.Width, original.Height)
	w, h := float64(out.width), float64(out.height)
	for y := range out.height {
		for x := range out.width {
			if mask.at((float64(x)+0.5)/w, (float64(y)+0.5)/h) >= 127.5 {
				out.v[y*out.width+x] = 1
			}
		}
	}
	return out
}

// feathered falls from 1, feather pixels within the outline, to 0 outside of it. Pixels at the outline
// show some of the old surroundings: what is taken of them is little.
func (p plane) feathered() plane {
	out := newPlane(p.width, p.height)
	eroded := p
	for step := 1; step <= feather; step++ {
		eroded = eroded.erode(1)
		for i, v := range eroded.v {
			if v > 0 {
				out.v[i] = float32(step) / feather
			}
		}
	}
	return out
}

// seam is the share of the outline beyond which the result shows another product: where the colour goes
// on from inside the outline and ends soon after.
func seam(result enhance.Picture, cover plane, dx, dy int) float64 {
	at := func(x, y float64) (enhance.Lab, bool) {
		i, j := int(math.Floor(x))+dx, int(math.Floor(y))+dy
		if i < 0 || j < 0 || i >= result.Width || j >= result.Height {
			return enhance.Lab{}, false
		}
		k := 3 * (j*result.Width + i)
		return enhance.LabOf(result.Pix[k], result.Pix[k+1], result.Pix[k+2]), true
	}
	points := outline(cover)
	step := 1 + len(points)/seamNeeds
	n, grown := 0, 0
	for i := 0; i < len(points); i += step {
		p := points[i]
		in, _ := at(p.x-(feather+1)*p.dx, p.y-(feather+1)*p.dy)
		near, ok := at(p.x+ring*p.dx, p.y+ring*p.dy)
		far, okFar := at(p.x+2*beyond*p.dx, p.y+2*beyond*p.dy)
		if !ok || !okFar {
			continue
		}
		n++
		if enhance.DeltaE2000(in, near) < same && enhance.DeltaE2000(in, far) > other {
			grown++
		}
	}
	return float64(grown) / float64(max(1, n))
}
