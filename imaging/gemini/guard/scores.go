package guard

import "burnish/imaging/enhance"

// Scores say how alike the product is in both pictures once they are laid over each other. Sizes are
// in pixels of the comparison, in which the product has up to 640.
type Scores struct {
	Visible float64 `json:"visible"` // share of the product that lies within the edit

	// Structure is the likeness of windows of 32 px: 1 less the variance of the difference by the sum
	// of both variances, as in SSIM's contrast and structure. 1 is the same.
	Structure float64 `json:"structure"`
	WorstTile float64 `json:"worst_tile"` // the same of the four least alike
	Text      float64 `json:"text"`       // of the two least alike of 16 px that are dense with strokes; 1 if there are none
	TextTiles int     `json:"text_tiles"` // how many those are

	Detail      float64 `json:"detail"`       // contrast of fine texture by the original's, median of the windows that have any
	WorstDetail float64 `json:"worst_detail"` // the same of the tenth that lost most

	Color      float64 `json:"color"`       // mean ΔE2000 of colours averaged over 24 px, lightness counted half
	WorstColor float64 `json:"worst_color"` // of the four places that differ most

	EdgesKept float64 `json:"edges_kept"` // share of the original's edges that the edit has within 2 px
	EdgesTrue float64 `json:"edges_true"` // share of the edit's edges that the original has within 2 px
	WorstEdge float64 `json:"worst_edge"` // edge pixels without counterpart by the pixels of the worst 32 px window

	Outgrown float64 `json:"outgrown"` // share of the outline beyond which the edit's product goes on
}

// overlay is the product of both pictures, pixel on pixel.
type overlay struct {
	original, edited   rgb
	lumaO, lumaE       plane
	mask               plane // the product within the edit, eroded by 2 px
	product, inEdit    int   // pixels
	cellsWide, cellsHi int
}

// cell is the side in pixels of what windows are made of.
const cell = 8

// score lays the edit over the original and compares them.
func (v *view) score(r Registration) Scores {
	o := v.overlay(r)
	s := Scores{Visible: round(float64(o.inEdit) / float64(max(1, o.product)))}
	o.structure(&s)
	o.detail(&s)
	o.color(&s)
	o.edges(&s)
	s.Outgrown = round(v.outgrown(r.view))
	return s
}

// overlay brings the edit into the original's view, with the original's gain and offset of luma.
func (v *view) overlay(r Registration) *overlay {
	w, h := v.mask.width, v.mask.height
	o := &overlay{original: v.original, mask: newPlane(w, h), cellsWide: (w + cell - 1) / cell, cellsHi: (h + cell - 1) / cell}
	for c := range o.edited {
		o.edited[c] = newPlane(w, h)
		copy(o.edited[c].v, v.original[c].v)
	}
	for y := range h {
		for x := range w {
			i := y*w + x
			if v.mask.v[i] == 0 {
				continue
			}
			o.product++
			u, t := r.view.Apply(float64(x)+0.5, float64(y)+0.5)
			if !v.edited[0].inside(u, t) {
				continue
			}
			o.inEdit++
			o.mask.v[i] = 1
			for c := range o.edited {
				o.edited[c].v[i] = v.edited[c].at(u, t)
			}
		}
	}
	o.mask = o.mask.erode(2)
	o.lumaO, o.lumaE = o.original.luma().soft(), o.edited.luma()
	for i, e := range o.lumaE.v {
		o.lumaE.v[i] = float32(r.Gain)*e + float32(r.Offset)
	}
	o.lumaE = o.lumaE.soft()
	return o
}

// erode takes r pixels off the border of a mask of 0 and 1, in both directions.
func (p plane) erode(r int) plane {
	return p.extreme(r, func(a, b float32) float32 { return min(a, b) })
}

// widen takes the greatest value within r pixels in both directions.
func (p plane) widen(r int) plane {
	return p.extreme(r, func(a, b float32) float32 { return max(a, b) })
}

func (p plane) extreme(r int, of func(a, b float32) float32) plane {
	mid, out := newPlane(p.width, p.height), newPlane(p.width, p.height)
	for y := range p.height {
		for x := range p.width {
			v := p.v[y*p.width+x]
			for k := max(0, x-r); k <= min(p.width-1, x+r); k++ {
				v = of(v, p.v[y*p.width+k])
			}
			mid.v[y*p.width+x] = v
		}
	}
	copy(out.v, mid.v)
	for y := range p.height {
		for k := max(0, y-r); k <= min(p.height-1, y+r); k++ {
			row, to := mid.v[k*p.width:(k+1)*p.width], out.v[y*p.width:(y+1)*p.width]
			for x, v := range row {
				to[x] = of(to[x], v)
			}
		}
	}
	return out
}

// windows gives each square of side cells, by steps of half of it, to a function.
func (o *overlay) windows(side int, give func(cells []int)) {
	step := max(1, side/2)
	var cells []int
	for y := 0; y == 0 || y+side <= o.cellsHi; y += step {
		for x := 0; x == 0 || x+side <= o.cellsWide; x += step {
			cells = cells[:0]
			for v := y; v < min(y+side, o.cellsHi); v++ {
				for u := x; u < min(x+side, o.cellsWide); u++ {
					cells = append(cells, v*o.cellsWide+u)
				}
			}
			give(cells)
		}
	}
}

// each gives every pixel of the product to a function, with its cell.
func (o *overlay) each(give func(i, x, y, cell int)) {
	w := o.mask.width
	for y := range o.mask.height {
		for x := range w {
			if i := y*w + x; o.mask.v[i] > 0 {
				give(i, x, y, y/cell*o.cellsWide+x/cell)
			}
		}
	}
}

// lab is the colour at a pixel.
func lab(r, g, b float64) enhance.Lab {
	level := func(v float64) uint8 { return uint8(max(0, min(255, v+0.5))) }
	return enhance.LabOf(level(r), level(g), level(b))
}
