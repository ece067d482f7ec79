package vips

/*
#include <stdlib.h>
#include "pipeline.h"
*/
import "C"

import (
	"fmt"
	"unsafe"

	"burnish/imaging"
	"burnish/imaging/metadata"
)

// code makes a file of a picture, as the recipe has it for the format.
func (w writer) code(p picture, f imaging.Format) (imaging.Variant, error) {
	v := imaging.Variant{Format: f, Width: p.width(), Height: p.height()}
	var err error
	switch options := w.request.Variants; f {
	case imaging.JPEG:
		v.Quality, v.Chroma = options.JPEG.Quality, w.chroma(options.JPEG.Chroma)
		v.Data, err = w.jpeg(p, *options.JPEG, v.Chroma)
	case imaging.WebP:
		v.Quality, v.Chroma = options.WebP.Quality, imaging.Subsampled
		if w.chroma(options.WebP.Chroma) == imaging.Full {
			v.Chroma = imaging.Smart // the most that lossy WebP can
		}
		v.Data, err = p.webp(*options.WebP, v.Chroma)
	case imaging.AVIF:
		v.Quality, v.Chroma = options.AVIF.Quality, w.chroma(options.AVIF.Chroma)
		v.Data, err = p.avif(*options.AVIF, v.Chroma, w.engine.tunes)
	default:
		err = fmt.Errorf("%w: %s is not written", errCode, f)
	}
	if err == nil && C.PHOTO_KEEPS_XMP == 0 {
		v.Data = w.cleaned(v)
	}
	return v, err
}

// cleaned takes off what a libvips before 8.15 adds of its own to files that keep XMP: EXIF with
// a resolution. In AVIF it stays; it says nothing of the photo.
func (w writer) cleaned(v imaging.Variant) []byte {
	if clean, ok := metadata.Strip(v.Format, v.Data, w.xmp); ok {
		return clean
	}
	return v.Data
}

// chroma resolves Auto by what was measured.
func (w writer) chroma(c imaging.Chroma) imaging.Chroma {
	if c == imaging.Full || c == imaging.Subsampled {
		return c
	}
	return w.decision.Chroma
}

// jpeg flattens what is transparent: JPEG has no alpha.
func (w writer) jpeg(p picture, o imaging.JPEGOptions, chroma imaging.Chroma) ([]byte, error) {
	flat, err := p.flatten(w.request.Variants.Background)
	if err != nil {
		return nil, err
	}
	defer flat.release()
	coding := C.PhotoCoding{
		quality:        C.int(o.Quality),
		full_chroma:    flag(chroma == imaging.Full),
		progressive:    flag(o.Progressive),
		trellis:        flag(o.Trellis),
		deringing:      flag(o.Deringing),
		optimize_scans: flag(o.OptimizeScans),
		quant_table:    C.int(o.QuantTable),
	}
	var data unsafe.Pointer
	var size C.size_t
	return taken(C.photo_jpeg(flat.c, &coding, &data, &size), &data, &size)
}

func (p picture) webp(o imaging.WebPOptions, chroma imaging.Chroma) ([]byte, error) {
	coding := C.PhotoCoding{
		quality:     C.int(o.Quality),
		effort:      C.int(o.Effort),
		full_chroma: flag(chroma == imaging.Smart),
	}
	var data unsafe.Pointer
	var size C.size_t
	return taken(C.photo_webp(p.c, &coding, &data, &size), &data, &size)
}

// avif leaves out a tune that this build's encoder does not know.
func (p picture) avif(o imaging.AVIFOptions, chroma imaging.Chroma, tunes map[string]bool) ([]byte, error) {
	coding := C.PhotoCoding{
		quality:     C.int(o.Quality),
		effort:      C.int(o.Effort),
		full_chroma: flag(chroma == imaging.Full),
	}
	if tunes[o.Tune] {
		coding.tune = C.CString(o.Tune)
		defer C.free(unsafe.Pointer(coding.tune))
	}
	var data unsafe.Pointer
	var size C.size_t
	return taken(C.photo_avif(p.c, &coding, &data, &size), &data, &size)
}

func flag(on bool) C.int {
	if on {
		return 1
	}
	return 0
}

// taken copies an encoder's bytes into Go and frees them.
func taken(result C.int, data *unsafe.Pointer, size *C.size_t) ([]byte, error) {
	if result != 0 {
		return nil, fmt.Errorf("%w: %w", errCode, failure())
	}
	defer C.photo_free(*data)
	return C.GoBytes(*data, C.int(*size)), nil
}
