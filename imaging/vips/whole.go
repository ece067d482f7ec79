package vips

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image/jpeg"
	"regexp"

	"burnish/imaging"
)

// damaged are libjpeg's complaints about the coded pixels. libvips goes on after them, as
// libjpeg does, with grey or smeared blocks.
var damaged = regexp.MustCompile(`(?i)bad Huffman code|premature end of data segment|instead of RST|bad arithmetic|Inconsistent progression|extraneous bytes before marker 0xd[0-7]`)

// checkDecoded reads what the decoder complained of while it seemed to succeed. libjpeg reports
// only its first complaint about a photo. When that one is harmless (stray bytes before a
// header, an odd Adobe marker), a second decoder looks for what it may hide.
func checkDecoded(format imaging.Format, source []byte, complaints string) error {
	if damaged.MatchString(complaints) {
		return fmt.Errorf("%w: %s", imaging.ErrCorrupt, oneLine(complaints))
	}
	if format != imaging.JPEG || complaints == "" {
		return nil
	}
	return decodeAgain(source)
}

// decodeAgain decodes a JPEG with Go's decoder, which stops at the first broken code. What it
// does not know (arithmetic coding, rare samplings) it cannot judge.
func decodeAgain(source []byte) error {
	_, err := jpeg.Decode(bytes.NewReader(source))
	var unknown jpeg.UnsupportedError
	if err == nil || errors.As(err, &unknown) {
		return nil
	}
	return fmt.Errorf("%w: %w", imaging.ErrCorrupt, err)
}

// endsEarly says whether a file that could not be decoded ends before its own structure does,
// so that "corrupt" can be told apart from "truncated" where the decoder does not.
func endsEarly(format imaging.Format, source []byte) bool {
	switch format {
	case imaging.PNG:
		return pngEndsEarly(source)
	case imaging.WebP:
		return len(source) < 12 || int64(binary.LittleEndian.Uint32(source[4:]))+8 > int64(len(source))
	case imaging.AVIF, imaging.HEIC:
		return boxesEndEarly(source)
	case imaging.TIFF:
		return tiffEndsEarly(source)
	case imaging.JPEG:
		return len(source) < 4
	case imaging.GIF:
		return len(source) < 13
	}
	return false
}

// pngEndsEarly walks the chunks to IEND.
func pngEndsEarly(source []byte) bool {
	for at := 8; at+12 <= len(source); {
		if string(source[at+4:at+8]) == "IEND" {
			return false
		}
		at += 12 + int(binary.BigEndian.Uint32(source[at:]))
	}
	return true
}

// boxesEndEarly walks the boxes of the first level; a size of 0 reaches to the end.
func boxesEndEarly(source []byte) bool {
	at := uint64(0)
	for at+8 <= uint64(len(source)) {
		size := uint64(binary.BigEndian.Uint32(source[at:]))
		if size == 1 && at+16 <= uint64(len(source)) {
			size = binary.BigEndian.Uint64(source[at+8:])
		}
		if size == 0 || size > 1<<40 {
			return size != 0
		}
		at += max(size, 8)
	}
	return at != uint64(len(source))
}

// tiffEndsEarly looks whether the first directory, or what its strips and tiles say of their
// places, lies beyond the end.
func tiffEndsEarly(source []byte) bool {
	if len(source) < 8 {
		return true
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if source[0] == 'M' {
		order = binary.BigEndian
	}
	if order.Uint16(source[2:]) != 42 {
		return false
	}
	at := int64(order.Uint32(source[4:]))
	if at+2 > int64(len(source)) {
		return true
	}
	entries := int64(order.Uint16(source[at:]))
	if at+2+12*entries > int64(len(source)) {
		return true
	}
	for i := range entries {
		entry := source[at+2+12*i:]
		if tiffEntryBeyond(order, entry[:12], int64(len(source))) {
			return true
		}
	}
	return false
}

// tiffEntryBeyond says whether an entry's values lie beyond the end, or, if it is the offset
// of a single strip or tile, what it points to.
func tiffEntryBeyond(order binary.ByteOrder, entry []byte, end int64) bool {
	sizes := [...]int64{0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8}
	tag, kind, count := order.Uint16(entry), int(order.Uint16(entry[2:])), int64(order.Uint32(entry[4:]))
	if kind >= len(sizes) {
		return false
	}
	value := int64(order.Uint32(entry[8:]))
	if sizes[kind]*count > 4 {
		return value+sizes[kind]*count > end
	}
	return (tag == 273 || tag == 324) && count == 1 && value >= end
}
