package metadata

import (
	"encoding/xml"
	"slices"
	"strings"
)

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
