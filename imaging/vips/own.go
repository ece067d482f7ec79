package vips

import (
	"bytes"
	"fmt"
	"strings"

	"burnish/imaging"
	"burnish/imaging/metadata"
)

// own gives the source itself as a variant, without its metadata, where coding it anew made
// more bytes of the same or fewer pixels: the reader gets a better picture sooner. Where the
// source cannot stand for the variant, the variant stays and says why it is the larger one.
// Quality 0 says that the source's is not known.
func (w writer) own(v imaging.Variant) imaging.Variant {
	source := w.request.Source
	if len(v.Data) <= len(source) {
		return v
	}
	why := w.barred(v)
	if why == "" {
		stripped, ok := metadata.Strip(v.Format, source, w.xmp)
		if ok && len(stripped) < len(v.Data) {
			return w.stand(v, stripped)
		}
		why = "whose other metadata cannot be taken off"
	}
	larger := fmt.Sprintf("larger than the source's %s, %s", kilobytes(len(source)), why)
	v.Note = strings.TrimPrefix(v.Note+"; "+larger, "; ")
	return v
}

// stand puts the stripped source in a variant's place.
func (w writer) stand(v imaging.Variant, stripped []byte) imaging.Variant {
	v.Note = fmt.Sprintf("the source's own %s; encoded anew it would be %s", kilobytes(len(stripped)), kilobytes(len(v.Data)))
	v.Width, v.Height = w.header.size()
	v.Quality = 0
	v.Chroma = w.header.chroma(w.request.Source)
	v.Data = stripped
	return v
}

// barred says why the source's pixels are not those of the variant, but for their number, or "".
// A source of more than twice the width is not taken: a phone would decode many pixels for few.
func (w writer) barred(v imaging.Variant) string {
	h := w.header
	width, _ := h.size()
	switch {
	case v.Format != h.format:
		return fmt.Sprintf("which is %s, not %s", h.format, v.Format)
	case h.orientation != 1:
		return "whose pixels are stored turned"
	case h.frames > 1:
		return fmt.Sprintf("which has %d frames", h.frames)
	case h.wide:
		return "which has more than 8 bits a sample"
	case h.cmyk || h.space != "" || len(h.profile) > 0 && !isSRGB(h.profile):
		return "whose colours are not sRGB"
	case w.decision.Changes():
		return "which is not adjusted"
	case w.request.Enhance.Sharpen > 0 && v.Width < width:
		return "which is not sharpened for this size"
	case width > 2*v.Width:
		return fmt.Sprintf("which is %d pixels wide", width)
	}
	return ""
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
	if n < 100 {
		return fmt.Sprintf("%d bytes", n)
	}
	if n < 10_000 {
		return fmt.Sprintf("%.1f KB", float64(n)/1000)
	}
	return fmt.Sprintf("%d KB", (n+500)/1000)
}
