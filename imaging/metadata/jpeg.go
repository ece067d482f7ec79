package metadata

import (
	"bytes"
	"encoding/binary"
	"iter"
	"slices"
)

// Markers of ITU-T T.81, table B.1, without their leading 0xff.
const (
	markerSOI   = 0xd8
	markerEOI   = 0xd9
	markerSOS   = 0xda
	markerDHP   = 0xde
	markerAPP0  = 0xe0
	markerAPP1  = 0xe1
	markerAPP13 = 0xed
	markerAPP14 = 0xee
	markerAPP15 = 0xef
	markerCOM   = 0xfe
)

var (
	exifHead      = []byte("Exif\x00\x00")
	xmpHead       = []byte("http://ns.adobe.com/xap/1.0/\x00")
	photoshopHead = []byte("Photoshop 3.0\x00")
)

// findJPEG reads the segments before the picture. The extension of an XMP packet is not read:
// editors move the bulky properties there, which rights are not.
func findJPEG(source []byte) blocks {
	var b blocks
	var resources []byte
	walkJPEG(source, func(marker byte, payload, _ []byte) bool {
		switch marker {
		case markerSOS:
			return false
		case markerAPP1:
			if exif, ok := bytes.CutPrefix(payload, exifHead); ok && b.exif == nil {
				b.exif = exif
			}
			if xmp, ok := bytes.CutPrefix(payload, xmpHead); ok {
				b.addXMP(xmp)
			}
		case markerAPP13: // one list of resources may be spread over several segments
			if part, ok := bytes.CutPrefix(payload, photoshopHead); ok && len(resources) < maxIPTC {
				resources = append(resources, part...)
			}
		}
		return true
	})
	b.iptc = iptcOf(resources)
	return b
}

// Segment is a part of a JPEG file: its marker without 0xff, what it holds and, of a scan, the
// coded data that follow it.
type Segment struct {
	Marker         byte
	Payload, Coded []byte
}

// Segments yields the segments of a JPEG up to its end, or to the first that cannot be told.
func Segments(source []byte) iter.Seq[Segment] {
	return func(yield func(Segment) bool) {
		walkJPEG(source, func(marker byte, payload, coded []byte) bool {
			return yield(Segment{marker, payload, coded})
		})
	}
}

// walkJPEG calls visit for each segment up to and including the end of the image, with its
// payload and, for a scan, the coded data that follow it. It reports whether the image is
// whole; visit ends the walk by returning false.
func walkJPEG(b []byte, visit func(marker byte, payload, coded []byte) bool) (whole bool) {
	if len(b) < 4 || b[0] != 0xff || b[1] != markerSOI {
		return false
	}
	b = b[2:]
	for {
		if len(b) < 2 || b[0] != 0xff {
			return false
		}
		for len(b) > 1 && b[1] == 0xff { // fill bytes
			b = b[1:]
		}
		if len(b) < 2 {
			return false
		}
		marker := b[1]
		b = b[2:]
		if marker == markerEOI {
			return visit(marker, nil, nil)
		}
		if marker < 0xc0 || marker >= 0xd0 && marker <= markerSOI || len(b) < 2 {
			return false
		}
		n := int(binary.BigEndian.Uint16(b))
		if n < 2 || n > len(b) {
			return false
		}
		payload, coded := b[2:n], []byte(nil)
		b = b[n:]
		if marker == markerSOS {
			coded = b[:scanLength(b)]
			b = b[len(coded):]
		}
		if !visit(marker, payload, coded) {
			return false
		}
	}
}

// scanLength is the length of the coded data at the start of b: up to a marker that is no
// restart.
func scanLength(b []byte) int {
	for i := 0; ; i++ {
		next := bytes.IndexByte(b[i:], 0xff)
		if next < 0 || i+next+1 >= len(b) {
			return len(b)
		}
		i += next
		if c := b[i+1]; c != 0 && (c < 0xd0 || c > 0xd7) && c != 0xff {
			return i
		}
	}
}

func stripJPEG(source, xmp []byte) ([]byte, bool) {
	if len(xmpHead)+len(xmp) > 0xffff-2 {
		return nil, false
	}
	if orientation(findJPEG(source).exif) != 1 {
		return nil, false
	}
	var head, body []byte
	frames, usable := 0, true
	whole := walkJPEG(source, func(marker byte, payload, coded []byte) bool {
		switch {
		case marker == markerDHP: // a hierarchy of pictures
			usable = false
		case marker == markerEOI:
			body = append(body, 0xff, markerEOI)
			return true
		case isSOF(marker):
			frames++
		case marker == markerAPP0 && head == nil && body == nil:
			head = segment(head, marker, bareJFIF(payload))
			return true
		case marker == markerAPP14 && len(payload) >= 12 && bytes.HasPrefix(payload, []byte("Adobe")):
			payload = payload[:12] // says how the colours are coded
		case marker >= markerAPP0 && marker <= markerAPP15 || marker == markerCOM:
			return true
		}
		body = append(segment(body, marker, payload), coded...)
		return usable
	})
	if !whole || !usable || frames != 1 {
		return nil, false
	}
	if len(xmp) > 0 {
		head = segment(head, markerAPP1, slices.Concat(xmpHead, xmp))
	}
	return slices.Concat([]byte{0xff, markerSOI}, head, body), true
}

// isSOF reports whether the marker starts a frame.
func isSOF(marker byte) bool {
	return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc
}

// bareJFIF is a JFIF header without its thumbnail, or nil if it is none.
func bareJFIF(payload []byte) []byte {
	if len(payload) < 14 || !bytes.HasPrefix(payload, []byte("JFIF\x00")) {
		return nil
	}
	return append(bytes.Clone(payload[:12]), 0, 0)
}

// segment appends a segment; a nil payload appends nothing.
func segment(b []byte, marker byte, payload []byte) []byte {
	if payload == nil {
		return b
	}
	b = append(b, 0xff, marker)
	b = binary.BigEndian.AppendUint16(b, uint16(len(payload)+2))
	return append(b, payload...)
}
