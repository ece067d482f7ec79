package metadata

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// Bounds on what a packet may be made of.
const (
	maxDepth = 64   // of elements; XMP in use stays below 20
	maxNodes = 1024 // kept of one property
)

var errTooDeep = errors.New("elements nested too deep")

// tokens reads XML up to a depth: the decoder itself remembers every open element.
type tokens struct {
	*xml.Decoder
	depth int
}

func (d *tokens) Token() (xml.Token, error) {
	t, err := d.Decoder.Token()
	switch t.(type) {
	case xml.StartElement:
		if d.depth++; d.depth > maxDepth {
			return nil, errTooDeep
		}
	case xml.EndElement:
		d.depth--
	}
	return t, err
}

// skip reads up to the end of the element that has just started.
func (d *tokens) skip() error {
	for outside := d.depth - 1; d.depth > outside; {
		if _, err := d.Token(); err != nil {
			return err
		}
	}
	return nil
}

// readXMP reads the properties out of a packet. What stands before the first fault is kept.
func readXMP(packet []byte) statement {
	s := statement{}
	d := &tokens{Decoder: xml.NewDecoder(bytes.NewReader(unicodeOf(packet)))}
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // it is UTF-8 by now

	inside := false // a description of the photo
	for {
		t, err := d.Token()
		if err != nil {
			return s
		}
		switch t := t.(type) {
		case xml.StartElement:
			if inside {
				if !s.readElement(d, t) {
					return s
				}
			} else if inside = isDescription(t.Name); inside {
				s.readAttributes(t.Attr)
			}
		case xml.EndElement:
			inside = inside && !isDescription(t.Name)
		}
	}
}

func isDescription(name xml.Name) bool { return name.Space == rdf && name.Local == "Description" }

// readAttributes reads properties in their short form.
func (s statement) readAttributes(attrs []xml.Attr) {
	for _, a := range attrs {
		if p, ok := lookup[[2]string{a.Name.Space, a.Name.Local}]; ok {
			s.set(p, item{text: a.Value})
		}
	}
}

// readElement reads one property, or skips an unknown one; false means that the packet ends.
func (s statement) readElement(d *tokens, start xml.StartElement) bool {
	p, ok := lookup[[2]string{start.Name.Space, start.Name.Local}]
	if !ok {
		return d.skip() == nil
	}
	budget := maxNodes
	n, ok := readNode(d, start, &budget)
	if ok {
		s.set(p, n.items(p)...)
	}
	return ok
}

// unicodeOf gives a packet as UTF-8 that starts at its first tag. XMP may be UTF-16; bytes
// that are no UTF-8 are what old programs wrote in the code page of Western Windows.
func unicodeOf(packet []byte) []byte {
	if len(packet) >= 2 {
		switch {
		case packet[0] == 0xfe && packet[1] == 0xff || packet[0] == 0 && packet[1] == '<':
			packet = fromUTF16(packet, binary.BigEndian)
		case packet[0] == 0xff && packet[1] == 0xfe || packet[0] == '<' && packet[1] == 0:
			packet = fromUTF16(packet, binary.LittleEndian)
		}
	}
	if i := bytes.IndexByte(packet, '<'); i > 0 {
		packet = packet[i:]
	}
	if utf8.Valid(packet) {
		return packet
	}
	return []byte(decode(packet))
}

func fromUTF16(b []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}
