package vips

/*
#include "pipeline.h"
*/
import "C"

import "burnish/imaging/enhance"

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
