package vips

import (
	"bytes"
	"fmt"

	"burnish/imaging"
	"burnish/imaging/metadata"
)

// own gives the source itself as a variant, without its metadata, where coding it anew made
// more bytes of the same or fewer pixels: the reader gets a better picture sooner. ok is false
// where that is not so, or where the source's pixels are not those that the recipe wants.
// Quality 0 says that the source's is not known.
func (w writer) own(v imaging.Variant) (own imaging.Variant, ok bool) {
	source := w.request.Source
	if v.Format != w.header.format || len(v.Data) <= len(source) || !w.usable(v) {
		return v, false
	}
	stripped, ok := metadata.Strip(v.Format, source, w.xmp)
	if !ok || len(stripped) >= len(v.Data) {
		return v, false
	}
	own = v
	own.Width, own.Height = w.header.size()
	own.Quality = 0
	own.Chroma = w.header.chroma(source)
	own.Note = fmt.Sprintf("the source's own %s; encoded anew it would be %s", kilobytes(len(stripped)), kilobytes(len(v.Data)))
	own.Data = stripped
	return own, true
}

// usable says whether the source's pixels are those of the variant, but for their number: at
// most twice the width, or a phone would decode many pixels for few.
func (w writer) usable(v imaging.Variant) bool {
	h := w.header
	width, _ := h.size()
	sharpened := w.request.Enhance.Sharpen > 0 && v.Width < width
	untouched := len(w.decision.Steps) == 0 && !sharpened
	plain := h.orientation == 1 && h.frames <= 1 && !h.wide && !h.cmyk && h.space == "" &&
		(len(h.profile) == 0 || isSRGB(h.profile))
	return untouched && plain && width <= 2*v.Width
}

// chroma is how the source samples colour.
func (h header) chroma(source []byte) imaging.Chroma {
	full := h.fullChroma
	switch h.format {
	case imaging.WebP: // lossless is RGB, lossy always 4:2:0
		full = bytes.Contains(source[:min(len(source), 64<<10)], []byte("VP8L"))
	case imaging.AVIF: // the bits chroma_subsampling_x and _y of AV1's configuration
		if at := bytes.Index(source, []byte("av1C")); at >= 0 && at+7 <= len(source) {
			full = source[at+6]&0x0c == 0
		}
	}
	if full {
		return imaging.Full
	}
	return imaging.Subsampled
}

// kilobytes writes a size as people do.
func kilobytes(n int) string {
	if n < 10_000 {
		return fmt.Sprintf("%.1f KB", float64(n)/1000)
	}
	return fmt.Sprintf("%d KB", (n+500)/1000)
}
