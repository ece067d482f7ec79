package vips

/*
#include "pipeline.h"
*/
import "C"

import (
	"fmt"
	"unsafe"

	"burnish/imaging"

	"github.com/h2non/bimg"
)

// header is what is known of a photo before its first pixel.
type header struct {
	format        imaging.Format
	width, height int // as stored
	bands         int // as the decoder gives them, palettes resolved
	pixel         int // bytes of one, likewise
	orientation   int // EXIF, 1 to 8
	frames        int
	alpha         bool
	cmyk          bool
	wide          bool // more than 8 bits a sample
	fullChroma    bool // JPEG stored as 4:4:4
	profile       []byte
	assumed       bool   // profile is not in the file, but what its EXIF stands for
	space         string // the profile of libvips' own that stands for coded colour numbers, or ""
}

// size is that of the upright photo.
func (h header) size() (width, height int) {
	if h.orientation >= 5 {
		return h.height, h.width
	}
	return h.width, h.height
}

// readHeader reads what comes before the pixels and checks it against the limits, the cheapest
// first. A limit of 0 is none. The source must be pinned.
func readHeader(format imaging.Format, source []byte, limits imaging.Limits) (header, error) {
	if limit := int64(limits.Bytes); limit > 0 && int64(len(source)) > limit {
		return header{}, fmt.Errorf("%w: %.1f MB, the recipe allows %.1f MB", imaging.ErrTooLarge,
			float64(len(source))/1e6, float64(limit)/1e6)
	}
	if format == imaging.TIFF && tiffEndsEarly(source) {
		return header{}, fmt.Errorf("%w: the file ends before what its directory names", imaging.ErrTruncated)
	}
	if err := checkWithBimg(source, limits); err != nil {
		return header{}, err
	}
	p, err := open(format, source, 1)
	if err != nil {
		return header{}, err
	}
	defer p.release()
	takeWarnings() // decoding will repeat them
	h := p.header(format)
	h.space, err = codedSpace(format, source)
	if err != nil {
		return header{}, err
	}
	return h, h.check(limits)
}

// checkWithBimg reads size and bands with bimg. What bimg has no name for (it knows few HEIF
// brands) or cannot open is left to readHeader, which reads the same from libvips.
func checkWithBimg(source []byte, limits imaging.Limits) error {
	if bimg.DetermineImageType(source) == bimg.UNKNOWN {
		return nil
	}
	m, err := bimg.Metadata(source)
	if err != nil {
		return classify(err.Error())
	}
	return header{width: m.Size.Width, height: m.Size.Height, bands: m.Channels}.check(limits)
}

// check holds what the header tells against the recipe's limits.
func (h header) check(limits imaging.Limits) error {
	if mp := float64(h.width) * float64(h.height) / 1e6; limits.Megapixels > 0 && mp > limits.Megapixels {
		return fmt.Errorf("%w: %.4g megapixels, the recipe allows %g", imaging.ErrTooLarge, mp, limits.Megapixels)
	}
	if limits.Bands > 0 && h.bands > limits.Bands {
		return fmt.Errorf("%w: %d bands, the recipe allows %d", imaging.ErrTooLarge, h.bands, limits.Bands)
	}
	if limits.Frames > 0 && h.frames > limits.Frames {
		return fmt.Errorf("%w: %d frames, the recipe allows %d", imaging.ErrTooLarge, h.frames, limits.Frames)
	}
	return nil
}

// header tells what open found.
func (p picture) header(format imaging.Format) header {
	var c C.PhotoHeader
	C.photo_header(p.c, &c)
	h := header{
		format:      format,
		width:       int(c.width),
		height:      int(c.height),
		bands:       int(c.bands),
		pixel:       int(c.pixel),
		orientation: max(1, min(8, int(c.orientation))),
		frames:      int(c.pages),
		alpha:       c.alpha != 0,
		cmyk:        c.cmyk != 0,
		wide:        c.wide != 0,
		fullChroma:  c.full_chroma != 0,
	}
	var data unsafe.Pointer
	var size C.size_t
	C.photo_profile(p.c, &data, &size)
	h.profile = C.GoBytes(data, C.int(size))
	if size == 0 && c.adobe_rgb != 0 && h.bands >= 3 && !h.cmyk {
		h.profile, h.assumed = adobeRGB(), true
	}
	return h
}

// source describes the photo for the result.
func (h header) source(bytes int) imaging.Source {
	width, height := h.size()
	return imaging.Source{
		Format: h.format, Width: width, Height: height, Bytes: int64(bytes), Bands: h.bands,
		Orientation: h.orientation, Profile: profileName(h.profile),
		Alpha: h.alpha, Frames: h.frames,
	}
}
