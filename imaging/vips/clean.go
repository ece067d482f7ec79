package vips

/*
#include "pipeline.h"
*/
import "C"

import (
	"runtime"
	"unsafe"

	"burnish/imaging"
	"burnish/imaging/enhance"
)

// cleaned whitens the ground of a picture where that is called for, and says so in the result. What
// other adjustments left is measured anew, since what remains to be done depends on them.
func (p picture) cleaned(req imaging.Request, r *imaging.Result) (picture, error) {
	if req.Enhance.Background <= 0 {
		return p.same()
	}
	small, err := p.small(req.Variants.Background)
	if err != nil {
		return picture{}, err
	}
	ground := enhance.GroundOf(small)
	r.Analysis.Ground = ground.Analysis()
	step := enhance.DecideCleaning(ground, req.Enhance.Background, p.c.Bands == 4)
	if step.Name == "" {
		return p.same()
	}
	r.Steps = append(r.Steps, step)
	if step.Veto != "" {
		return p.same()
	}
	return p.clean(ground)
}

// clean makes a ground white. The picture has no alpha.
func (p picture) clean(ground enhance.Ground) (picture, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&ground.Mask.Cover[0])
	g := C.PhotoGround{
		cover: (*C.uchar)(unsafe.Pointer(&ground.Mask.Cover[0])),
		width: C.int(ground.Mask.Width), height: C.int(ground.Mask.Height),
		block: C.int(blockOf(p.width(), p.height())),
	}
	for band, coefficients := range ground.Surface {
		for k, c := range coefficients {
			g.surface[band][k] = C.double(c)
		}
	}
	var out *C.VipsImage
	result := C.photo_clean(p.c, &g, &out)
	return step(result, out)
}
