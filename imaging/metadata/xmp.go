package metadata

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
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

// node is an XML element.
type node struct {
	name  xml.Name
	attrs []xml.Attr
	text  string
	kids  []node
}

func readNode(d *tokens, start xml.StartElement, budget *int) (n node, ok bool) {
	if *budget--; *budget < 0 {
		return node{}, false
	}
	n = node{name: start.Name, attrs: slices.Clone(start.Attr)}
	var b strings.Builder
	for {
		t, err := d.Token()
		if err != nil {
			return node{}, false
		}
		switch t := t.(type) {
		case xml.StartElement:
			kid, ok := readNode(d, t, budget)
			if !ok {
				return node{}, false
			}
			n.kids = append(n.kids, kid)
		case xml.CharData:
			b.Write(t)
		case xml.EndElement:
			n.text = b.String()
			return n, true
		}
	}
}

// items are the values of a property's element, however it is written.
func (n node) items(p property) []item {
	for _, array := range n.kids {
		if array.name.Space != rdf || !slices.Contains([]string{"Alt", "Seq", "Bag"}, array.name.Local) {
			continue
		}
		var items []item
		for _, li := range array.kids {
			items = append(items, li.item(p))
		}
		// The default language comes first, as XMP wants it.
		slices.SortStableFunc(items, func(a, b item) int { return byDefault(a) - byDefault(b) })
		return items
	}
	return []item{n.item(p)}
}

func byDefault(it item) int {
	if it.lang == "x-default" {
		return 0
	}
	return 1
}

// item reads one value: a text, an address, a text with qualifiers, or a structure.
func (n node) item(p property) item {
	if p.form == structs {
		return item{fields: n.fieldsOf(p)}
	}
	it := item{text: n.text, lang: n.attr("http://www.w3.org/XML/1998/namespace", "lang")}
	if resource := n.attr(rdf, "resource"); resource != "" {
		it.text = resource
	}
	for _, kid := range n.kids {
		switch {
		case kid.name.Space == rdf && kid.name.Local == "value":
			it.text = kid.text
		case isDescription(kid.name):
			return kid.item(p)
		}
	}
	return it
}

// fieldsOf reads the wanted fields of a structure, in attributes, in elements, or in a
// description inside.
func (n node) fieldsOf(p property) map[string]string {
	fields := map[string]string{}
	put := func(name xml.Name, value string) {
		if name.Space == namespaces[p.prefix] && slices.Contains(p.fields, name.Local) {
			fields[name.Local] = value
		}
	}
	for _, a := range n.attrs {
		put(a.Name, a.Value)
	}
	for _, kid := range n.kids {
		if isDescription(kid.name) {
			return kid.fieldsOf(p)
		}
		put(kid.name, kid.item(property{form: text}).text)
	}
	return fields
}

func (n node) attr(space, local string) string {
	for _, a := range n.attrs {
		if a.Name.Space == space && a.Name.Local == local {
			return a.Value
		}
	}
	return ""
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
