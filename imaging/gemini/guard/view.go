package guard

import (
	"fmt"
	"math"

	"burnish/imaging/enhance"
)

// view is the product of the original, and the part of the edit where it may be, at a size to compare.
type view struct {
	original, edited rgb
	mask             plane // of the original: 1 is product

	toOriginal, toEdited Transform   // from a view's pixels to the picture's
	expected             []Transform // from the original's view to the edit's, where nothing was moved

	diagonal float64 // of the original's whole frame, in its view's pixels
}

// newView cuts out what is compared. Both parts are reduced to about the same scale, which is at most
// that of the coarser picture.
func newView(original, edited enhance.Picture, mask Mask) (*view, error) {
	left, top, right, bottom, ok := mask.bounds()
	if !ok {
		return nil, fmt.Errorf("the mask is empty: %w", ErrProduct)
	}
	w, h := float64(original.Width), float64(original.Height)
	product := region{left * w, top * h, (right - left) * w, (bottom - top) * h}
	fits := placements(original, edited)
	s := min(1, fits[0].Scale(), workSide/max(product.width, product.height))
	if s*min(product.width, product.height) < minSide {
		return nil, fmt.Errorf("%.0f × %.0f pixels of product are too few to compare: %w",
			product.width, product.height, ErrProduct)
	}
	v := &view{diagonal: s * math.Hypot(w, h)}
	const margin = 12 // for what is seen beside the outline
	width, height := int(math.Ceil(s*product.width))+2*margin, int(math.Ceil(s*product.height))+2*margin
	r := region{product.x - margin/s, product.y - margin/s, float64(width) / s, float64(height) / s}
	v.original, v.toOriginal = reduce(original, r, width, height), scaled(1/s, r.x, r.y)
	if v.mask = v.cover(mask, original); v.covered() < minCovered {
		return nil, fmt.Errorf("%d pixels of product are too few to compare: %w", v.covered(), ErrProduct)
	}
	v.findEdited(edited, product, fits, s)
	return v, nil
}

// placements says where the original lies in an edit of another size: fitted into it, and filling it.
func placements(original, edited enhance.Picture) []Transform {
	ow, oh := float64(original.Width), float64(original.Height)
	ew, eh := float64(edited.Width), float64(edited.Height)
	fit, fill := min(ew/ow, eh/oh), max(ew/ow, eh/oh)
	place := func(k float64) Transform { return scaled(k, (ew-k*ow)/2, (eh-k*oh)/2) }
	if fill/fit < 1.005 {
		return []Transform{place(fit)}
	}
	return []Transform{place(fit), place(fill)}
}

// cover lays the mask over the original's view.
func (v *view) cover(mask Mask, original enhance.Picture) plane {
	out := newPlane(v.original[0].width, v.original[0].height)
	for y := range out.height {
		for x := range out.width {
			u, w := v.toOriginal.Apply(float64(x)+0.5, float64(y)+0.5)
			u, w = u/float64(original.Width), w/float64(original.Height)
			if u >= 0 && w >= 0 && u <= 1 && w <= 1 && mask.at(u, w) >= 127.5 {
				out.v[y*out.width+x] = 1
			}
		}
	}
	return out
}

func (v *view) covered() (n int) {
	for _, m := range v.mask.v {
		if m > 0 {
			n++
		}
	}
	return n
}

// findEdited cuts out of the edit what may show the product, and notes where it is expected.
func (v *view) findEdited(edited enhance.Picture, product region, fits []Transform, s float64) {
	left, top, right, bottom := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, t := range fits {
		x0, y0 := t.Apply(product.x, product.y)
		x1, y1 := t.Apply(product.x+product.width, product.y+product.height)
		reach := searched * math.Hypot(x1-x0, y1-y0)
		left, top = min(left, x0-reach), min(top, y0-reach)
		right, bottom = max(right, x1+reach), max(bottom, y1+reach)
	}
	left, top = max(0, math.Floor(left)), max(0, math.Floor(top))
	right, bottom = min(float64(edited.Width), math.Ceil(right)), min(float64(edited.Height), math.Ceil(bottom))
	right, bottom = max(right, left+1), max(bottom, top+1)
	q := s / fits[0].Scale()
	width, height := max(1, int(math.Round(q*(right-left)))), max(1, int(math.Round(q*(bottom-top))))
	v.edited = reduce(edited, region{left, top, right - left, bottom - top}, width, height)
	sx, sy := (right-left)/float64(width), (bottom-top)/float64(height)
	v.toEdited = Transform{{sx, 0, left}, {0, sy, top}}
	for _, t := range fits {
		v.expected = append(v.expected, v.toOriginal.then(t).then(v.toEdited.inverse()))
	}
}
