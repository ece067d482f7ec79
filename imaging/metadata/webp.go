package metadata

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Flags of the extended header of WebP, RFC 9649, section 2.7.1.
const (
	webpAnimated = 0x02
	webpAlpha    = 0x10
	webpXMP      = 0x04
)

// riffChunk is one chunk of a RIFF file.
type riffChunk struct {
	id   string
	data []byte
}

// riffChunks calls visit for the chunks of a WebP file. It reports whether the file is whole.
func riffChunks(b []byte, visit func(riffChunk)) (whole bool) {
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WEBP" {
		return false
	}
	end := 8 + uint64(binary.LittleEndian.Uint32(b[4:]))
	whole = end <= uint64(len(b))
	b = b[12:max(12, min(end, uint64(len(b))))]
	for len(b) >= 8 {
		id, n := string(b[:4]), uint64(binary.LittleEndian.Uint32(b[4:]))
		b = b[8:]
		if n > uint64(len(b)) {
			return false
		}
		visit(riffChunk{id, b[:n]})
		b = b[min(n+n&1, uint64(len(b))):]
	}
	return whole && len(b) == 0
}

func findWebP(source []byte) blocks {
	var b blocks
	riffChunks(source, func(c riffChunk) {
		switch c.id {
		case "XMP ":
			b.addXMP(c.data)
		case "EXIF":
			if b.exif == nil {
				b.exif = bytes.TrimPrefix(c.data, exifHead)
			}
		}
	})
	return b
}

func stripWebP(source, xmp []byte) ([]byte, bool) {
	if orientation(findWebP(source).exif) != 1 {
		return nil, false
	}
	var header, alpha, picture []riffChunk
	animated := false
	whole := riffChunks(source, func(c riffChunk) {
		switch c.id {
		case "VP8X":
			header = append(header, c)
		case "ALPH":
			alpha = append(alpha, c)
		case "VP8 ", "VP8L":
			picture = append(picture, c)
		case "ANIM", "ANMF":
			animated = true
		}
	})
	if !whole || animated || len(picture) != 1 || len(header) > 1 || len(alpha) > len(header) {
		return nil, false
	}
	chunks := append(alpha, picture...)
	if len(header) == 1 || len(xmp) > 0 {
		vp8x, ok := extendedHeader(header, picture[0])
		if !ok {
			return nil, false
		}
		if len(xmp) > 0 {
			vp8x[0] |= webpXMP
			chunks = append(chunks, riffChunk{"XMP ", xmp})
		}
		chunks = append([]riffChunk{{"VP8X", vp8x}}, chunks...)
	}
	return riff(chunks), true
}

// extendedHeader is the file's own extended header, or one made for the picture, with no flag
// but that of alpha.
func extendedHeader(own []riffChunk, picture riffChunk) (vp8x []byte, ok bool) {
	if len(own) == 1 {
		vp8x = bytes.Clone(own[0].data)
		if len(vp8x) != 10 || vp8x[0]&webpAnimated != 0 {
			return nil, false
		}
		vp8x[0] &= webpAlpha
		return vp8x, true
	}
	width, height, alpha, ok := webpSize(picture)
	if !ok {
		return nil, false
	}
	vp8x = make([]byte, 10)
	if alpha {
		vp8x[0] = webpAlpha
	}
	putUint24(vp8x[4:], width-1)
	putUint24(vp8x[7:], height-1)
	return vp8x, true
}

// webpSize reads width and height of a lossy picture (RFC 6386, section 9.1) or of a lossless
// one (RFC 9649, section 3.4).
func webpSize(c riffChunk) (width, height uint32, alpha, ok bool) {
	b := c.data
	switch {
	case c.id == "VP8 " && len(b) >= 10 && bytes.Equal(b[3:6], []byte{0x9d, 0x01, 0x2a}):
		width = uint32(binary.LittleEndian.Uint16(b[6:])) & 0x3fff
		height = uint32(binary.LittleEndian.Uint16(b[8:])) & 0x3fff
	case c.id == "VP8L" && len(b) >= 5 && b[0] == 0x2f:
		bits := binary.LittleEndian.Uint32(b[1:])
		width, height, alpha = bits&0x3fff+1, bits>>14&0x3fff+1, bits>>28&1 == 1
	}
	return width, height, alpha, width > 0 && height > 0
}

func putUint24(b []byte, n uint32) { b[0], b[1], b[2] = byte(n), byte(n>>8), byte(n>>16) }

// riff writes a WebP file of the chunks.
func riff(chunks []riffChunk) []byte {
	body := []byte("WEBP")
	for _, c := range chunks {
		body = append(body, c.id...)
		body = binary.LittleEndian.AppendUint32(body, uint32(len(c.data)))
		body = append(body, c.data...)
		if len(c.data)%2 == 1 {
			body = append(body, 0)
		}
	}
	return slices.Concat([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(len(body))), body)
}
