package vips

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image/jpeg"
	"regexp"
	"slices"
	"strconv"

	"burnish/imaging"
)

// damaged are libjpeg's complaints about the coded pixels. libvips goes on after them, as
// libjpeg does, with grey or smeared blocks.
var damaged = regexp.MustCompile(`(?i)bad Huffman code|premature end of data segment|instead of RST|bad arithmetic|Inconsistent progression|extraneous bytes before marker 0xd[0-7]`)

// checkDecoded reads what the decoder complained of while it seemed to succeed. libjpeg reports
// only its first complaint about a photo. When that one is harmless (stray bytes before a
// header, an odd Adobe marker), a second decoder looks for what it may hide, once admit has let it.
func checkDecoded(format imaging.Format, source []byte, complaints string, admit func() error) error {
	if damaged.MatchString(complaints) || lostScan(complaints) {
		return fmt.Errorf("%w: %s", imaging.ErrCorrupt, oneLine(complaints))
	}
	if format != imaging.JPEG {
		return nil
	}
	if err := checkScan(source); err != nil {
		return fmt.Errorf("%w: %w", imaging.ErrCorrupt, err)
	}
	if complaints == "" {
		return nil
	}
	if err := admit(); err != nil {
		return err
	}
	return decodeAgain(source)
}

// stray is libjpeg's complaint about bytes before a table, a scan or the end.
var stray = regexp.MustCompile(`(\d+) extraneous bytes before marker 0x(?:c4|da|d9)`)

// lostScan says whether so many bytes were skipped that they will have been a scan, whose header
// is gone: a few are padding.
func lostScan(complaints string) bool {
	found := stray.FindStringSubmatch(complaints)
	if found == nil {
		return false
	}
	n, err := strconv.Atoi(found[1])
	return err != nil || n >= 256
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
	case imaging.GIF:
		return source[len(source)-1] != ';'
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

// tiffEndsEarly looks whether the first directory, or what it needs to show the picture, lies
// beyond the end. libtiff reads on without a profile that it cannot find.
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

// needed are the tags without which a picture looks wrong: bits per sample, places and sizes of
// strips, colour map, places and sizes of tiles, JPEG tables, ICC profile.
var needed = []uint16{258, 273, 279, 320, 324, 325, 347, 34675}

// tiffEntryBeyond says whether the values of a needed tag lie beyond the end, or, if it is the
// place of a single strip or tile, what it points to.
func tiffEntryBeyond(order binary.ByteOrder, entry []byte, end int64) bool {
	sizes := [...]int64{0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8}
	tag, kind, count := order.Uint16(entry), int(order.Uint16(entry[2:])), int64(order.Uint32(entry[4:]))
	if kind >= len(sizes) || !slices.Contains(needed, tag) {
		return false
	}
	value := int64(order.Uint32(entry[8:]))
	if sizes[kind]*count > 4 {
		return value+sizes[kind]*count > end
	}
	return (tag == 273 || tag == 324) && count == 1 && value >= end
}
