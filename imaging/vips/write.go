package vips

import (
	"fmt"
	"slices"

	"burnish/imaging"
	"burnish/imaging/enhance"
)

// writer codes the variants of one photo.
type writer struct {
	engine   *Engine
	request  imaging.Request
	header   header
	decision enhance.Decision
	xmp      []byte // what every variant says of its owner, or nil
}

// write makes each size of the next larger one's pixels and codes it in every format. The
// result lists format by format, widths ascending. base stays the caller's.
func (w writer) write(base picture, plan []size) ([]imaging.Variant, error) {
	var variants []imaging.Variant
	base.setXMP(w.xmp)
	pixels, err := base.same()
	if err != nil {
		return nil, err
	}
	defer func() { pixels.release() }()
	for i, s := range plan {
		if i > 0 {
			pixels, err = chain(pixels, func(p picture) (picture, error) { return p.resize(s.width, s.height) }, picture.store)
			if err != nil {
				return nil, err
			}
		}
		made, err := w.writeSize(pixels, s)
		if err != nil {
			return nil, fmt.Errorf("variant %s: %w", s.name, err)
		}
		variants = append(variants, made...)
	}
	slices.SortStableFunc(variants, func(a, b imaging.Variant) int {
		if a.Format != b.Format {
			return slices.Index(imaging.Written, a.Format) - slices.Index(imaging.Written, b.Format)
		}
		return a.Width - b.Width
	})
	return variants, nil
}

// writeSize sharpens a copy of the pixels, if they were downscaled, and codes it. The pixels
// themselves stay unsharpened: sharpening each size anew keeps it from piling up.
func (w writer) writeSize(pixels picture, s size) ([]imaging.Variant, error) {
	out, err := pixels.same()
	if amount := w.request.Enhance.Sharpen; err == nil && amount > 0 && w.downscaled(s) {
		out, err = chain(out, func(p picture) (picture, error) { return p.sharpen(amount) })
	}
	if err != nil {
		return nil, err
	}
	defer out.release()
	var variants []imaging.Variant
	for _, f := range s.formats {
		v, err := w.code(out, f)
		if err != nil {
			return nil, err
		}
		v.Name, v.Note = s.name, s.note
		variants = append(variants, w.own(v))
	}
	return variants, nil
}

// downscaled says whether a size has fewer pixels than the photo.
func (w writer) downscaled(s size) bool {
	width, _ := w.header.size()
	return s.width < width
}
