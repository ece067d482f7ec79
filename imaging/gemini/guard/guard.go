// Package guard tells whether an edited photo still shows the product of its original.
//
// It has no knowledge of what photos show: it lays the edit over the original, compares the two
// where a mask says that the product is, and says in words what differs by more than thresholds.
package guard

import (
	"errors"
	"fmt"
	"math"

	"burnish/imaging/enhance"
)

// Mask tells product from surroundings. Its size may differ from its picture's: it is laid over the
// whole of it.
type Mask struct {
	Width, Height int
	Cover         []uint8 // of each pixel by the product, row by row: 0 is surroundings, 255 product
}

// Whole is the mask of a picture that is all product, for edits that are to change nothing much.
func Whole() Mask { return Mask{1, 1, []uint8{255}} }

// What is wrong with what was given to compare.
var (
	ErrPicture = errors.New("not a picture") // no pixels, too many, or fewer than its size says
	ErrMask    = errors.New("not a mask")    // the same of a mask
	ErrProduct = errors.New("no product")    // too little of it to compare, or to put back
)

// Bounds of what is compared.
const (
	maxPixels  = 100_000_000 // of a picture
	workSide   = 640         // pixels of the product's longer side, as it is compared
	minSide    = 24          // pixels of the product's shorter side below which nothing can be told
	minCovered = 500         // pixels of the product, as it is compared, below which nothing can be told
)

// Compare registers an edit to its original and compares the two where mask, which is the original's,
// says that the product is. An error is about what was given; an edit in which the product is not
// found again has a report that says so.
//
// It works on copies of a bounded size, whatever the pictures have.
func Compare(original, edited enhance.Picture, mask Mask, t Thresholds) (Report, error) {
	if err := check(original, edited, mask); err != nil {
		return Report{}, err
	}
	w, err := newView(original, edited, mask)
	if err != nil {
		return Report{}, err
	}
	var r Report
	r.Registration, err = w.register()
	if err != nil {
		r.add(Unregistered, "the product is not found in the edit: %v", err)
		return r, nil
	}
	r.Scores = w.score(r.Registration)
	r.judge(t)
	return r, nil
}

// check says what of the input cannot be compared.
func check(original, edited enhance.Picture, mask Mask) error {
	for _, p := range []struct {
		name    string
		picture enhance.Picture
	}{{"original", original}, {"edit", edited}} {
		w, h := p.picture.Width, p.picture.Height
		if w < 1 || h < 1 || w > maxPixels/h || len(p.picture.Pix) < 3*w*h {
			return fmt.Errorf("%s of %d × %d pixels and %d bytes: %w", p.name, w, h, len(p.picture.Pix), ErrPicture)
		}
	}
	if w, h := mask.Width, mask.Height; w < 1 || h < 1 || w > maxPixels/h || len(mask.Cover) < w*h {
		return fmt.Errorf("mask of %d × %d pixels and %d bytes: %w", w, h, len(mask.Cover), ErrMask)
	}
	return nil
}

// bounds is the smallest rectangle, in shares of the mask's size, that holds all of the product.
func (m Mask) bounds() (x0, y0, x1, y1 float64, ok bool) {
	left, top, right, bottom := m.Width, m.Height, -1, -1
	for y := range m.Height {
		for x, c := range m.Cover[y*m.Width : (y+1)*m.Width] {
			if c >= 128 {
				left, right = min(left, x), max(right, x)
				top, bottom = min(top, y), y
			}
		}
	}
	if right < 0 {
		return 0, 0, 0, 0, false
	}
	w, h := float64(m.Width), float64(m.Height)
	return float64(left) / w, float64(top) / h, float64(right+1) / w, float64(bottom+1) / h, true
}

// at is the cover at a place in shares of the mask's size, between pixels linearly, 0 to 255.
func (m Mask) at(x, y float64) float64 {
	fx := max(0, min(float64(m.Width-1), x*float64(m.Width)-0.5))
	fy := max(0, min(float64(m.Height-1), y*float64(m.Height)-0.5))
	i, j := int(fx), int(fy)
	u, v := fx-float64(i), fy-float64(j)
	i1, j1 := min(i+1, m.Width-1), min(j+1, m.Height-1)
	row, next := m.Cover[j*m.Width:], m.Cover[j1*m.Width:]
	return (1-v)*((1-u)*float64(row[i])+u*float64(row[i1])) + v*((1-u)*float64(next[i])+u*float64(next[i1]))
}

// round keeps reports short.
func round(x float64) float64 { return math.Round(x*10000) / 10000 }
