package vips

/*
#include "pipeline.h"
*/
import "C"

import (
	"encoding/binary"
	"image"

	"burnish/imaging"
)

// frame makes what a GIF's first frame leaves of its canvas transparent, as browsers show it;
// libvips makes it black where the frame itself is opaque. Other photos it gives back as they are.
func (p picture) frame(format imaging.Format, source []byte) (picture, error) {
	canvas := image.Rect(0, 0, p.width(), p.height())
	if format != imaging.GIF {
		return p.same()
	}
	frame := gifFrame(source).Intersect(canvas)
	if frame == canvas || frame.Empty() {
		return p.same()
	}
	var out *C.VipsImage
	result := C.photo_frame(p.c, C.int(frame.Min.X), C.int(frame.Min.Y), C.int(frame.Dx()), C.int(frame.Dy()), &out)
	return step(result, out)
}

// gifFrame is where the first image descriptor of a GIF puts its frame (GIF89a, 20), or empty
// where none is found.
func gifFrame(source []byte) image.Rectangle {
	if len(source) < 13 {
		return image.Rectangle{}
	}
	at := 13 + gifColours(source[10])
	for at+10 <= len(source) && source[at] == '!' { // extensions: a label, then blocks up to an empty one
		at += 2
		for at < len(source) && source[at] != 0 {
			at += 1 + int(source[at])
		}
		at++
	}
	if at+10 > len(source) || source[at] != ',' {
		return image.Rectangle{}
	}
	number := func(i int) int { return int(binary.LittleEndian.Uint16(source[at+i:])) }
	return image.Rect(number(1), number(3), number(1)+number(5), number(3)+number(7))
}

// gifColours is the length of the global colour table, in bytes.
func gifColours(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}
