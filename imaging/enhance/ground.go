package enhance

import (
	"fmt"
	"math"
)

// Ground is what lies behind the subject of a picture: an even or evenly lit ground, or no ground at
// all, as in most scenes and portraits.
type Ground struct {
	// Not says in words why the picture has no plain ground; it is empty where it has one. Where it is
	// not, there may still be a mask, of little confidence.
	Not string

	Surface Surface // its colour at every place
	Noise   float64 // standard deviation about the surface, in 8-bit levels, at the border

	// Border is the share of each side's outermost pixels that show the ground, 0 to 1: top, right,
	// bottom, left.
	Border [4]float64

	Mask Mask
}

// Mask tells product from ground in a picture.
type Mask struct {
	Width, Height int
	Cover         []uint8 // of each pixel by the product, row by row: 0 is ground, 255 product

	// Confidence is how far the mask may be trusted, 0 to 1: the share of the product's outline at
	// which it stands out from the ground, times how compact the product is. A mask that has leaked
	// into a product as light as its ground has neither.
	Confidence float64

	Pale  float64 // share of the outline at which the product is nearly white
	Alike float64 // share of the product's inside that is as the ground, or its shade: glass, white goods
}

// Plain reports whether there is a plain ground.
func (g Ground) Plain() bool { return g.Not == "" }

// What a plain ground is.
const (
	leastSide    = 0.75 // share of a side that shows it, on three sides of four
	leastGround  = 0.12 // share of the picture
	mostGround   = 0.995
	mostNoise    = 7.0 // levels
	leastProduct = 12  // levels by which a product's outline stands out

	leastConfidence = 0.8 // in the mask
)

// GroundOf looks for a plain ground behind the subject of a picture. It takes a few milliseconds for
// 512 × 512 pixels.
//
// The colour at the border is fitted by a surface of the second order, robustly, since the subject
// may touch the border; pixels near the surface are flooded from the border, and so are shadows and
// uneven light, which change little from pixel to pixel and keep their colour. What the flood does
// not reach is the product, with what it encloses, but for holes that show the very same ground.
func GroundOf(p Picture) Ground {
	if p.Width < 16 || p.Height < 16 || len(p.Pix) < 3*p.Width*p.Height {
		return Ground{Not: "it is too small"}
	}
	spots := borderSpots(p)
	var g Ground
	g.Surface, g.Noise = fitRobust(spots)
	tolerance := 4 + 3*g.Noise
	g.Border = sides(spots, p, g.Surface, tolerance)
	if g.Not = notPlain(g); g.Not != "" {
		g.Surface = Surface{}
		return g
	}
	f := newFlood(p, g.Surface, g.Noise)
	f.fromBorder()
	g.Surface = f.refit(g.Surface)
	f = newFlood(p, g.Surface, g.Noise)
	f.fromBorder()
	f.holes()
	f.shadows()
	f.specks()
	if g.Not = f.notGround(); g.Not != "" {
		g.Surface = Surface{}
		return g
	}
	if g.Mask = f.mask(); g.Mask.Confidence < leastConfidence {
		g.Not = fmt.Sprintf("its subject does not stand out from an even ground: confidence %.2f", g.Mask.Confidence)
	}
	return g
}

// notPlain says why a border is no plain ground, or "".
func notPlain(g Ground) string {
	if g.Noise > mostNoise {
		return fmt.Sprintf("its border is textured: %.0f levels about an even colour", g.Noise)
	}
	shown := 0
	for _, share := range g.Border {
		if share >= leastSide {
			shown++
		}
	}
	if shown < 3 {
		return fmt.Sprintf("only %d of its sides show an even colour", shown)
	}
	return ""
}

// borderDepth is how many pixels from the side count as border.
func borderDepth(p Picture) int { return max(2, min(p.Width, p.Height)/80) }

// borderSpots takes the outermost pixels, thinned along the sides to some 1,440 in all, side by
// side in the order of Ground.Border. Each side has as many.
func borderSpots(p Picture) []spot {
	depth := borderDepth(p)
	along := max(1, 360/depth)
	list := make([]spot, 0, 4*along*depth)
	for side := range 4 {
		length := p.Width
		if side%2 == 1 {
			length = p.Height
		}
		for k := range along {
			at := (2*k + 1) * length / (2 * along)
			for d := range depth {
				x, y := at, d
				switch side {
				case 1:
					x, y = p.Width-1-d, at
				case 2:
					y = p.Height - 1 - d
				case 3:
					x, y = d, at
				}
				list = append(list, spotAt(p, x, y))
			}
		}
	}
	return list
}

func spotAt(p Picture, x, y int) spot {
	u, v := place(x, p.Width), place(y, p.Height)
	i := 3 * (y*p.Width + x)
	return spot{
		u: u, v: v, weight: 1,
		color: [3]float64{float64(p.Pix[i]), float64(p.Pix[i+1]), float64(p.Pix[i+2])},
	}
}

// place is where the middle of a pixel lies, from -1 to 1.
func place(x, width int) float64 { return float64(2*x+1)/float64(width) - 1 }

// sides is the share of each side that is near the surface.
func sides(spots []spot, p Picture, s Surface, tolerance float64) (share [4]float64) {
	n := len(spots) / 4
	for side := range share {
		for _, q := range spots[side*n : (side+1)*n] {
			if q.off(s) <= tolerance {
				share[side] += 1 / float64(n)
			}
		}
	}
	for side := range share {
		share[side] = math.Round(1000*share[side]) / 1000
	}
	return share
}
