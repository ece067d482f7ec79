package metadata

import (
	"bytes"
	"encoding/xml"
	"slices"
)

// MaxPacket is the greatest length of a packet that Rights makes, in bytes.
const MaxPacket = 8 << 10

const (
	rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

	packetHead = `<?xpacket begin="` + "\ufeff" + `" id="W5M0MpCehiHzreSzNTczkc9d"?>` +
		`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="` + rdf + `">` +
		`<rdf:Description rdf:about=""`
	packetTail = `</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>`
)

// packet serialises the statement, leaving out the properties that do not fit any more. It is
// nil when there is nothing worth a packet.
func (s statement) packet() []byte {
	var declared, attrs, elements bytes.Buffer
	var prefixes []string
	worth := false
	size := len(packetHead) + len(packetTail) + len(">")
	for _, p := range properties {
		var declaration string
		if !slices.Contains(prefixes, p.prefix) {
			declaration = ` xmlns:` + p.prefix + `="` + namespaces[p.prefix] + `"`
		}
		body, short := p.serialise(s[p.key()], MaxPacket-size-len(declaration))
		if body == nil {
			continue
		}
		if declaration != "" {
			prefixes = append(prefixes, p.prefix)
			declared.WriteString(declaration)
		}
		if short {
			attrs.Write(body)
		} else {
			elements.Write(body)
		}
		size += len(body) + len(declaration)
		worth = worth || !tagalong[p.key()]
	}
	if !worth {
		return nil
	}
	return slices.Concat([]byte(packetHead), declared.Bytes(), attrs.Bytes(), []byte(">"),
		elements.Bytes(), []byte(packetTail))
}

// serialise writes as many of the items as fit into room bytes, or nil. short says that it is
// an attribute, the short form of simple properties.
func (p property) serialise(items []item, room int) (body []byte, short bool) {
	short = p.form == text || p.form == uri
	write := p.element
	if short {
		write = p.attribute
	}
	for ; len(items) > 0; items = items[:len(items)-1] {
		if body = write(items); len(body) <= room {
			return body, short
		}
	}
	return nil, short
}

func (p property) attribute(items []item) []byte {
	var b bytes.Buffer
	b.WriteString(" " + p.key() + `="`)
	escape(&b, items[0].text)
	b.WriteString(`"`)
	return b.Bytes()
}

func (p property) element(items []item) []byte {
	var b bytes.Buffer
	if p.form == link {
		b.WriteString("<" + p.key() + ` rdf:resource="`)
		escape(&b, items[0].text)
		b.WriteString(`"/>`)
		return b.Bytes()
	}
	array := map[form]string{alt: "Alt", seq: "Seq", bag: "Bag", structs: "Seq"}[p.form]
	b.WriteString("<" + p.key() + "><rdf:" + array + ">")
	for _, it := range items {
		p.li(&b, it)
	}
	b.WriteString("</rdf:" + array + "></" + p.key() + ">")
	return b.Bytes()
}

func (p property) li(b *bytes.Buffer, it item) {
	switch p.form {
	case structs:
		b.WriteString(`<rdf:li rdf:parseType="Resource">`)
		for _, name := range p.fields {
			if value := it.fields[name]; value != "" {
				b.WriteString("<" + p.prefix + ":" + name + ">")
				escape(b, value)
				b.WriteString("</" + p.prefix + ":" + name + ">")
			}
		}
	case alt:
		b.WriteString(`<rdf:li xml:lang="`)
		escape(b, it.lang)
		b.WriteString(`">`)
		escape(b, it.text)
	default:
		b.WriteString("<rdf:li>")
		escape(b, it.text)
	}
	b.WriteString("</rdf:li>")
}

// escape writes a text for XML. A bytes.Buffer takes every write.
func escape(b *bytes.Buffer, s string) { _ = xml.EscapeText(b, []byte(s)) }
