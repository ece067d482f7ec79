package vips

/*
#include "pipeline.h"
*/
import "C"

import (
	"unsafe"

	"burnish/imaging/enhance"
)

// apply makes of a stored picture what was decided.
func (p picture) apply(d enhance.Decision) (picture, error) {
	p, err := p.same()
	if err != nil {
		return picture{}, err
	}
	return chain(p,
		func(p picture) (picture, error) { return p.denoise(d.Denoise) },
		func(p picture) (picture, error) { return p.adjust(d.Adjustment) },
		func(p picture) (picture, error) { return p.deblur(d.Deblur) })
}

// denoise averages noise of a standard deviation, in 8-bit levels, away. Without noise it gives the
// picture itself.
func (p picture) denoise(sigma float64) (picture, error) {
	if sigma == 0 {
		return p.same()
	}
	var out *C.VipsImage
	result := C.photo_denoise(p.c, C.double(sigma), &out)
	return step(result, out)
}

// deblur sharpens by an amount, or gives the picture itself.
func (p picture) deblur(amount float64) (picture, error) {
	if amount == 0 {
		return p.same()
	}
	return p.sharpen(amount)
}

// Tiles for measuring detail: as many across and down, spread evenly, and their side in pixels.
const (
	tilesAcross = 3
	tileSide    = 96
)

// tiles copies parts of a stored picture as they are.
func (p picture) tiles() ([]enhance.Picture, error) {
	width, height := min(tileSide, p.width()), min(tileSide, p.height())
	var list []enhance.Picture
	for j := range tilesAcross {
		for i := range tilesAcross {
			left, top := (p.width()-width)*i/(tilesAcross-1), (p.height()-height)*j/(tilesAcross-1)
			tile := enhance.Picture{Width: width, Height: height, Pix: make([]byte, 3*width*height)}
			if C.photo_tile(p.c, C.int(left), C.int(top), C.int(width), C.int(height), unsafe.Pointer(&tile.Pix[0])) != 0 {
				return nil, failure()
			}
			list = append(list, tile)
		}
	}
	return list, nil
}

// adjust makes of a stored picture what was decided. It gives the picture itself where that
// changes nothing.
func (p picture) adjust(a enhance.Adjustment) (picture, error) {
	if a.Identity() {
		return p.same()
	}
	var c C.PhotoAdjustment
	for row, coefficients := range a.Matrix.Coefficients() {
		for column, x := range coefficients {
			c.matrix[3*row+column] = C.double(x)
		}
	}
	tabulate(a.Tone, &c)
	var out *C.VipsImage
	result := C.photo_adjust(p.c, &c, &out)
	return step(result, out)
}

// tabulate writes a curve of luminance down for every value. It is worked out at the squares of
// evenly spaced ones, which are dense where eyes tell most, and runs straight in between.
func tabulate(t enhance.Tone, c *C.PhotoAdjustment) {
	const knots, scale = 512, 4096
	at := func(k int) (from int, light, chroma float64) {
		y := float64(k*k) / (knots * knots)
		light, chroma = t.At(y)
		return int(y*C.PHOTO_LIGHT + 0.5), light, chroma
	}
	from, light, chroma := at(0)
	for k := 1; k <= knots; k++ {
		to, nextLight, nextChroma := at(k)
		for i := from; i <= to; i++ {
			share := float64(i-from) / float64(max(1, to-from))
			c.light[i] = C.ushort((light+share*(nextLight-light))*C.PHOTO_LIGHT + 0.5)
			c.chroma[i] = C.ushort(min(65535, (chroma+share*(nextChroma-chroma))*scale+0.5))
		}
		from, light, chroma = to, nextLight, nextChroma
	}
}
