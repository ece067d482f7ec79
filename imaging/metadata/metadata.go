// Package metadata reads who owns a photo, and takes everything else off it.
//
// It reads hostile bytes: every count, length and depth is bounded, nothing is followed
// twice, and what cannot be read counts as absent. Source bytes are never written to.
package metadata

import (
	"burnish/imaging"
)

// Rights returns an XMP packet with what a photo says of its owner and its origin: copyright,
// creator, credit, licence and provenance, as listed in properties. It reads XMP, IPTC-IIM and
// EXIF, in that order of precedence for each property, and for PNG the text chunks last.
//
// The packet is at most MaxPacket bytes of UTF-8 and equal for equal input. It is nil when the
// photo says nothing, or nothing that can be read.
func Rights(format imaging.Format, source []byte) []byte {
	b := find(format, source)
	s := statement{}
	for _, packet := range b.xmp {
		s.fill(readXMP(packet))
	}
	s.fill(readIPTC(b.iptc))
	s.fill(readEXIF(b.exif))
	s.fill(b.text)
	return s.packet()
}

// blocks is the metadata of a file as they stand in it.
type blocks struct {
	xmp  [][]byte  // serialised XMP, at most maxPackets of them
	iptc []byte    // IIM records
	exif []byte    // a TIFF structure
	text statement // from text chunks
}

// Bounds on what is read. Cameras and editors stay far below them; Photoshop is known to write
// megabytes of document ancestors, and rights stand before those or are lost.
const (
	maxPackets = 4
	maxXMP     = 4 << 20
	maxIPTC    = 1 << 20
)

func (b *blocks) addXMP(packet []byte) {
	if len(b.xmp) < maxPackets && len(packet) > 0 {
		b.xmp = append(b.xmp, packet[:min(len(packet), maxXMP)])
	}
}

func find(format imaging.Format, source []byte) blocks {
	switch format {
	case imaging.JPEG:
		return findJPEG(source)
	case imaging.PNG:
		return findPNG(source)
	case imaging.WebP:
		return findWebP(source)
	case imaging.TIFF:
		return findTIFF(source)
	case imaging.AVIF, imaging.HEIC:
		return findHEIF(source)
	case imaging.GIF:
		return findGIF(source)
	}
	return blocks{}
}

// Strip returns the same coded picture without its metadata, with the given XMP packet, if
// any, put in. The pixels are not decoded and stay as they are.
//
// The ICC profile goes with the rest, except in AVIF, so it is for the caller to know that the
// picture is sRGB. ok is false where stripping would change how the picture looks (an EXIF
// orientation), where it is animated, malformed or truncated, and for formats other than JPEG,
// WebP and, without a packet, AVIF that carries no metadata to begin with.
func Strip(format imaging.Format, source, xmp []byte) (stripped []byte, ok bool) {
	switch format {
	case imaging.JPEG:
		return stripJPEG(source, xmp)
	case imaging.WebP:
		return stripWebP(source, xmp)
	case imaging.AVIF:
		return source, len(xmp) == 0 && bareAVIF(source)
	}
	return nil, false
}
