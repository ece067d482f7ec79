package vips

/*
#include "pipeline.h"
*/
import "C"

import (
	"fmt"
	"os"

	"burnish/imaging"
)

// What a photo takes was measured on real children; docs/performance.md has the figures and the
// command. The constants are bytes, and bytes a pixel where a comment says so. They lie above
// what was measured: too low an estimate costs every photo in hand, one too high a wait.
const (
	// resting is what a child may hold when it begins with a photo: its libraries, and what it
	// had for photos before and keeps for the next. More is handed back first.
	resting = 112 << 20

	// rows is how many rows of the decoded picture the pipeline holds while it shrinks them,
	// whatever the size that it makes.
	rows = 1600
)

// large is from where on memory is handed back to the kernel around a photo, in bytes: the
// zeroed pages that it then gets anew cost next to nothing in comparison.
const large = 256 << 20

// need estimates the most real memory that the process will hold while it works on a photo, in
// bytes, from what the header tells.
func (h header) need(source []byte, plan []size) int64 {
	decode := h.frame(source) + h.pipeline(plan[0]) + h.base(plan[0])
	encode := h.encoding(plan)
	return h.held(source) + max(decode, encode) + min(decode, encode)/2 // not all can be used again
}

// needAgain is need for a JPEG that Go decodes as well, when libvips has let go of all but the
// base: Go holds whole pictures, and the coefficients of progressive ones as 32 bits.
func (h header) needAgain(source []byte, to size) int64 {
	pixels := int64(h.width) * int64(h.height)
	return h.held(source) + h.base(to) + pixels*int64(h.bands+4) + 2*coefficients(source)
}

// held is the process itself and the source, once as it is read and once as garbage.
func (h header) held(source []byte) int64 { return resting + 2*int64(len(source)) }

// base is the decoded picture of the largest size.
func (h header) base(to size) int64 { return int64(to.width) * int64(to.height) * 4 }

// frame is what the decoder holds of the whole picture, whatever size is made of it.
func (h header) frame(source []byte) int64 {
	pixels := int64(h.width) * int64(h.height)
	switch h.format {
	case imaging.JPEG:
		return coefficients(source)
	case imaging.PNG:
		if interlaced := len(source) > 28 && source[28] != 0; interlaced {
			return pixels * int64(h.pixel)
		}
		return 0
	case imaging.WebP:
		return pixels * h.webpFrame(source)
	case imaging.AVIF, imaging.HEIC:
		return pixels * h.avifFrame(source)
	case imaging.GIF:
		return pixels * 6
	default: // TIFF may hold all in one strip
		return pixels * int64(h.pixel)
	}
}

// webpFrame is in bytes a pixel: lossless pictures are decoded whole, lossy ones row by row but
// for their alpha, and moving ones on two canvases.
func (h header) webpFrame(source []byte) int64 {
	switch {
	case h.frames > 1:
		return 12
	case h.chroma(source) == imaging.Full:
		return 5
	case h.alpha:
		return 2
	}
	return 0
}

// avifFrame is in bytes a pixel: the decoder's frames, and the colours made of them. HEIC was
// not measured, and is taken for the most that AVIF takes.
func (h header) avifFrame(source []byte) int64 {
	subsampled := h.format == imaging.AVIF && h.chroma(source) == imaging.Subsampled && !h.alpha
	switch {
	case h.wide && subsampled:
		return 21
	case h.wide:
		return 28
	case subsampled:
		return 16
	}
	return 21
}

// pipeline is what lies between the decoder and the base: rows that wait to be shrunk, with
// alpha as floats, and all of a picture that WebP shrinks by itself.
func (h header) pipeline(to size) int64 {
	shrink := int64(shrinkOnLoad(h, to))
	width, height := int64(h.width)/shrink+1, int64(h.height)/shrink+1
	pixel := int64(h.pixel)
	if h.alpha {
		pixel = max(pixel, 20)
	}
	held := width * min(rows, height) * pixel
	if h.format == imaging.WebP {
		held += width * height * 8
	}
	return held
}

// encoding is what the hungriest encoder takes for the largest picture that it gets, that
// picture included.
func (h header) encoding(plan []size) int64 {
	alpha := int64(0) // bytes a pixel
	if h.alpha {
		alpha = 16
	}
	var most int64
	for _, s := range plan {
		pixels := int64(s.width) * int64(s.height)
		for _, f := range s.formats {
			switch f {
			case imaging.JPEG:
				most = max(most, 16<<20+16*pixels)
			case imaging.WebP:
				most = max(most, 24<<20+(28+alpha)*pixels)
			case imaging.AVIF:
				most = max(most, 72<<20+(48+alpha)*pixels)
			}
		}
	}
	return most
}

// coefficients is what libjpeg holds of a JPEG in more than one scan, in bytes: 16 bits for
// every sample, in blocks of 8 × 8. One scan is decoded as it comes.
func coefficients(source []byte) int64 {
	frame, scan := jpegFrame(source)
	if len(frame) < 6 || len(scan) < 1 {
		return 0
	}
	progressive := frame[0]&3 == 2 // SOF2, 6, 10, 14
	frame = frame[1:]
	if !progressive && scan[0] >= frame[5] {
		return 0
	}
	height, width := int64(frame[1])<<8|int64(frame[2]), int64(frame[3])<<8|int64(frame[4])
	var h, v int64 = 1, 1
	parts := frame[6:min(len(frame), 6+3*int(frame[5]))]
	for i := 0; i+2 < len(parts); i += 3 {
		h, v = max(h, int64(parts[i+1]>>4)), max(v, int64(parts[i+1]&15))
	}
	blocks := int64(0)
	for i := 0; i+2 < len(parts); i += 3 {
		blocks += ((width + 8*h - 1) / (8 * h) * int64(parts[i+1]>>4)) * ((height + 8*v - 1) / (8 * v) * int64(parts[i+1]&15))
	}
	return blocks * 64 * 2
}

// jpegFrame finds a JPEG's frame header, led by its marker, and its first scan header, both
// without their length; nil where there is none.
func jpegFrame(source []byte) (frame, scan []byte) {
	for at := 2; at+4 <= len(source); {
		if source[at] != 0xff || source[at+1] == 0xff { // fill, or bytes that libjpeg skips
			at++
			continue
		}
		marker, length := source[at+1], int(source[at+2])<<8|int(source[at+3])
		end := min(at+2+max(length, 2), len(source))
		switch {
		case marker == 0xda:
			return frame, source[at+4 : end]
		case marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc:
			frame = append([]byte{marker}, source[at+4:end]...)
		}
		at = end
	}
	return nil, nil
}

// handBack gives memory that is free in the process back to the kernel.
func handBack() { C.photo_trim() }

// resident is the real memory of this process, in bytes; 0 where the system does not tell.
func resident() int64 {
	var size, pages int64
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
