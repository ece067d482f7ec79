package metadata

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// The tags that are read, all of the first directory.
const (
	tagOrientation = 0x0112
	tagArtist      = 0x013b
	tagXMP         = 0x02bc
	tagCopyright   = 0x8298
	tagIPTC        = 0x83bb
	tagPhotoshop   = 0x8649
)

// readEXIF reads artist and copyright.
func readEXIF(tiff []byte) statement {
	s := statement{}
	tags := firstIFD(tiff)
	// Metadata Working Group: several artists are separated by semicolons.
	s.say("dc:creator", strings.Split(decode(upToNUL(tags[tagArtist])), ";")...)
	// EXIF 2.3, Copyright: photographer, NUL, editor, NUL; a blank stands for no photographer.
	photographer, editor, _ := bytes.Cut(tags[tagCopyright], []byte{0})
	holders := clean(decode(photographer))
	if e := clean(decode(upToNUL(editor))); e != "" && holders != "" {
		holders += "; " + e
	} else if e != "" {
		holders = e
	}
	s.say("dc:rights", holders)
	return s
}

func upToNUL(b []byte) []byte {
	b, _, _ = bytes.Cut(b, []byte{0})
	return b
}

// findTIFF finds what a TIFF file holds; its own first directory is the EXIF one.
func findTIFF(source []byte) blocks {
	tags := firstIFD(source)
	b := blocks{exif: source, iptc: tags[tagIPTC]}
	if b.iptc == nil {
		b.iptc = iptcOf(tags[tagPhotoshop])
	}
	b.iptc = b.iptc[:min(len(b.iptc), maxIPTC)]
	b.addXMP(tags[tagXMP])
	return b
}

// orientation is the EXIF orientation, 1 where none is given.
func orientation(tiff []byte) int {
	v := firstIFD(tiff)[tagOrientation]
	if len(v) < 2 {
		return 1
	}
	return int(v[0]) | int(v[1]) // one of them is zero in either byte order
}

// firstIFD gives the wanted values of the first directory of a TIFF or BigTIFF structure as
// they stand there. Values out of bounds are left out; the first of two equal tags counts.
func firstIFD(b []byte) map[uint16][]byte {
	t, ok := openTIFF(b)
	if !ok {
		return nil
	}
	count, at := t.number(t.ifd, t.countSize), t.ifd+t.countSize
	tags := map[uint16][]byte{}
	entry := 4 + 2*t.offsetSize
	for range min(count, 0xffff) {
		if at+entry > uint64(len(b)) {
			break
		}
		tag := uint16(t.number(at, 2))
		if _, seen := tags[tag]; !seen && wantedTag(tag) {
			if v := t.value(at); v != nil {
				tags[tag] = v
			}
		}
		at += entry
	}
	return tags
}

func wantedTag(tag uint16) bool {
	switch tag {
	case tagOrientation, tagArtist, tagXMP, tagCopyright, tagIPTC, tagPhotoshop:
		return true
	}
	return false
}

// tiffFile is the structure of TIFF 6.0, or of BigTIFF with its wider numbers.
type tiffFile struct {
	b          []byte
	order      binary.ByteOrder
	ifd        uint64 // offset of the first directory
	countSize  uint64 // bytes of the count of entries
	offsetSize uint64 // bytes of offsets and counts of values
}

func openTIFF(b []byte) (t tiffFile, ok bool) {
	if len(b) < 16 {
		return t, false
	}
	switch string(b[:4]) {
	case "II*\x00":
		t = tiffFile{b, binary.LittleEndian, 0, 2, 4}
	case "MM\x00*":
		t = tiffFile{b, binary.BigEndian, 0, 2, 4}
	case "II+\x00":
		t = tiffFile{b, binary.LittleEndian, 0, 8, 8}
	case "MM\x00+":
		t = tiffFile{b, binary.BigEndian, 0, 8, 8}
	default:
		return t, false
	}
	t.ifd = t.number(t.offsetSize, t.offsetSize) // at 4 in TIFF and at 8 in BigTIFF
	return t, t.ifd >= 8 && t.ifd < uint64(len(b)) && t.ifd+t.countSize <= uint64(len(b))
}

// number reads an unsigned number of 2, 4 or 8 bytes that is known to be in bounds.
func (t tiffFile) number(at, size uint64) uint64 {
	switch size {
	case 2:
		return uint64(t.order.Uint16(t.b[at:]))
	case 4:
		return uint64(t.order.Uint32(t.b[at:]))
	}
	return t.order.Uint64(t.b[at:])
}

// value is the value of the entry at an offset, or nil.
func (t tiffFile) value(entry uint64) []byte {
	sizes := [...]uint64{1: 1, 2: 1, 3: 2, 4: 4, 7: 1} // BYTE, ASCII, SHORT, LONG, UNDEFINED
	kind := t.number(entry+2, 2)
	if kind >= uint64(len(sizes)) || sizes[kind] == 0 {
		return nil
	}
	count := t.number(entry+4, t.offsetSize)
	if count == 0 || count > uint64(len(t.b)) {
		return nil
	}
	size, at := count*sizes[kind], entry+4+t.offsetSize
	if size > t.offsetSize {
		at = t.number(at, t.offsetSize)
	}
	if at > uint64(len(t.b)) || size > uint64(len(t.b))-at {
		return nil
	}
	return t.b[at : at+size]
}
