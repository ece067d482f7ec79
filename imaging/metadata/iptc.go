package metadata

import (
	"bytes"
	"encoding/binary"
)

// The IIM datasets that are read, as record<<8 | dataset, with the property each stands for
// according to the IPTC Photo Metadata mapping.
var iimProperties = map[int]string{
	2<<8 | 80:  "dc:creator",       // By-line, repeatable
	2<<8 | 110: "photoshop:Credit", // Credit
	2<<8 | 115: "photoshop:Source", // Source
	2<<8 | 116: "dc:rights",        // Copyright Notice
}

const iimCharset = 1<<8 | 90

// readIPTC reads IIM records. Text is what dataset 1:90 says, else UTF-8 where it is that and
// Latin-1 where it is not.
func readIPTC(b []byte) statement {
	values := map[string][]string{}
	read := decode
	for {
		dataset, value, rest, ok := nextIIM(b)
		if !ok {
			break
		}
		b = rest
		if dataset == iimCharset && (bytes.HasPrefix(value, []byte("\x1b.A")) || bytes.HasPrefix(value, []byte("\x1b-A"))) {
			read = decodeLatin
		}
		if key := iimProperties[dataset]; key != "" && len(values[key]) < maxItems {
			values[key] = append(values[key], read(value))
		}
	}
	s := statement{}
	for key, texts := range values {
		s.say(key, texts...)
	}
	return s
}

// nextIIM takes one record off b: a tag marker, record, dataset, length, value.
func nextIIM(b []byte) (dataset int, value, rest []byte, ok bool) {
	if len(b) < 5 || b[0] != 0x1c {
		return 0, nil, nil, false
	}
	dataset = int(b[1])<<8 | int(b[2])
	n := int(binary.BigEndian.Uint16(b[3:]))
	b = b[5:]
	if n >= 0x8000 { // an extended record: so many bytes of length follow
		digits := n - 0x8000
		if digits > 4 || digits > len(b) {
			return 0, nil, nil, false
		}
		n = 0
		for _, c := range b[:digits] {
			n = n<<8 | int(c)
		}
		b = b[digits:]
	}
	if n > len(b) {
		return 0, nil, nil, false
	}
	return dataset, b[:n], b[n:], true
}

// iptcOf finds the IIM records among Photoshop's image resources.
func iptcOf(resources []byte) []byte {
	const iim = 0x0404
	for {
		b, ok := bytes.CutPrefix(resources, []byte("8BIM"))
		if !ok || len(b) < 3 {
			return nil
		}
		id := binary.BigEndian.Uint16(b)
		name := 1 + int(b[2])
		name += name & 1 // padded to an even length, its own byte included
		if len(b) < 2+name+4 {
			return nil
		}
		b = b[2+name:]
		n := int64(binary.BigEndian.Uint32(b))
		b = b[4:]
		if id == iim {
			return b[:min(n, int64(len(b)), maxIPTC)]
		}
		if n += n & 1; n > int64(len(b)) {
			return nil
		}
		resources = b[n:]
	}
}
