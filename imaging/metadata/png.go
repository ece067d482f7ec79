package metadata

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"io"
	"strings"
)

// findPNG reads the chunks of PNG's third edition that hold metadata, and the text chunks in
// which ImageMagick and others put them before there were any.
func findPNG(source []byte) blocks {
	b := pngBlocks{blocks: blocks{text: statement{}}, room: 2 * maxXMP}
	data, ok := bytes.CutPrefix(source, []byte("\x89PNG\r\n\x1a\n"))
	for ok && len(data) >= 8 {
		n, kind := uint64(binary.BigEndian.Uint32(data)), string(data[4:8])
		data = data[8:]
		if n+4 > uint64(len(data)) {
			break
		}
		switch chunk := data[:n]; kind {
		case "eXIf":
			if b.exif == nil {
				b.exif = chunk
			}
		case "iTXt", "zTXt", "tEXt":
			b.readText(kind, chunk)
		}
		data = data[n+4:]
	}
	return b.blocks
}

// pngBlocks reads the text chunks of a file until they have given as many bytes as it has room.
type pngBlocks struct {
	blocks
	room int
}

// readText sorts one text chunk by its keyword.
func (b *pngBlocks) readText(kind string, chunk []byte) {
	keyword, rest, ok := bytes.Cut(chunk, []byte{0})
	if !ok || len(keyword) > 79 {
		return
	}
	switch key := string(keyword); key {
	case "XML:com.adobe.xmp":
		if len(b.xmp) < maxPackets {
			b.addXMP(b.inflated(kind, rest))
		}
	case "Raw profile type xmp":
		if len(b.xmp) < maxPackets {
			b.addXMP(rawProfile(b.inflated(kind, rest)))
		}
	case "Raw profile type iptc":
		if b.iptc == nil {
			b.iptc = rawIPTC(rawProfile(b.inflated(kind, rest)))
		}
	case "Raw profile type exif", "Raw profile type APP1":
		if b.exif == nil {
			b.exif, _ = bytes.CutPrefix(rawProfile(b.inflated(kind, rest)), exifHead)
		}
	case "Copyright":
		b.text.say("dc:rights", b.string(kind, rest))
	case "Author":
		b.text.say("dc:creator", b.string(kind, rest))
	}
}

// rawIPTC takes the records out of Photoshop's resources, where they stand in those.
func rawIPTC(b []byte) []byte {
	if bytes.HasPrefix(b, []byte("8BIM")) {
		return iptcOf(b)
	}
	return b[:min(len(b), maxIPTC)]
}

// inflated is what a chunk holds after its keyword, up to maxXMP bytes.
func (b *pngBlocks) inflated(kind string, chunk []byte) []byte {
	data := inflate(kind, chunk, min(b.room, maxXMP))
	b.room -= len(data)
	return data
}

func inflate(kind string, b []byte, limit int) []byte {
	compressed := kind == "zTXt"
	if kind == "iTXt" {
		if len(b) < 2 {
			return nil
		}
		compressed = b[0] == 1
		method := b[1]
		_, b, _ = bytes.Cut(b[2:], []byte{0}) // the language
		_, b, _ = bytes.Cut(b, []byte{0})     // the keyword in that language
		if compressed && method != 0 {
			return nil
		}
	} else if compressed {
		if len(b) < 1 || b[0] != 0 {
			return nil
		}
		b = b[1:]
	}
	if !compressed {
		return b[:min(len(b), limit)]
	}
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	inflated, _ := io.ReadAll(io.LimitReader(z, int64(limit))) // what stands before a fault counts
	return inflated
}

// string is the text of a chunk for people; only iTXt is UTF-8 by definition.
func (b *pngBlocks) string(kind string, chunk []byte) string {
	data := b.inflated(kind, chunk)
	return decode(data[:min(len(data), 4096)])
}

// rawProfile reads ImageMagick's form: a line feed, a line with a name, one with a length, and
// lines of hex digits.
func rawProfile(b []byte) []byte {
	_, b, _ = bytes.Cut(bytes.TrimLeft(b, "\n"), []byte("\n"))
	_, b, _ = bytes.Cut(b, []byte("\n"))
	data, err := hex.DecodeString(strings.Join(strings.Fields(string(b)), ""))
	if err != nil {
		return nil
	}
	return data
}
