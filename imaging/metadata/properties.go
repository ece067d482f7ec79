package metadata

import (
	"strings"
	"unicode/utf8"
)

// form is the shape of an XMP property's value.
type form int

const (
	text    form = iota // one text
	uri                 // one address; not kept when too long, since half of one is wrong
	link                // one address, written as rdf:resource
	alt                 // one text in several languages
	seq                 // texts in order
	bag                 // texts in any order
	structs             // an ordered array of structures, of which fields are kept
)

// property is one XMP property that is kept.
type property struct {
	prefix, name string
	form         form
	limit        int      // bytes of each text
	fields       []string // of structs, in the same namespace
}

// namespaces gives each prefix its namespace.
var namespaces = map[string]string{
	"cc":          "http://creativecommons.org/ns#",
	"dc":          "http://purl.org/dc/elements/1.1/",
	"dcterms":     "http://purl.org/dc/terms/",
	"Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
	"photoshop":   "http://ns.adobe.com/photoshop/1.0/",
	"plus":        "http://ns.useplus.org/ldf/xmp/1.0/",
	"tdm":         "http://www.w3.org/ns/tdmrep/",
	"xmpMM":       "http://ns.adobe.com/xap/1.0/mm/",
	"xmpRights":   "http://ns.adobe.com/xap/1.0/rights/",
}

// properties lists all that is kept, the most important first and the short before the long:
// where a packet grows too long, the last give way. Contact addresses, histories, instance ids, regions and captions are left
// out on purpose.
var properties = []property{
	{"dc", "rights", alt, 1024, nil},
	{"photoshop", "Credit", text, 256, nil},
	// How the picture came about: IPTC's word for captured, edited, generated.
	{"Iptc4xmpExt", "DigitalSourceType", uri, 256, nil},
	{"dc", "creator", seq, 256, nil},
	{"Iptc4xmpExt", "AISystemUsed", text, 256, nil},
	{"Iptc4xmpExt", "AISystemVersionUsed", text, 256, nil},
	{"photoshop", "Source", text, 256, nil},
	{"xmpRights", "Marked", text, 16, nil},
	{"xmpRights", "WebStatement", uri, 1024, nil},
	{"xmpRights", "UsageTerms", alt, 1024, nil},
	{"xmpRights", "Owner", bag, 256, nil},
	{"xmpRights", "Certificate", uri, 1024, nil},
	{"cc", "license", link, 1024, nil},
	{"cc", "attributionName", text, 256, nil},
	{"cc", "attributionURL", link, 1024, nil},
	{"plus", "Licensor", structs, 512, []string{"LicensorID", "LicensorName", "LicensorURL", "LicensorEmail"}},
	{"plus", "CopyrightOwner", structs, 512, []string{"CopyrightOwnerID", "CopyrightOwnerName"}},
	{"plus", "ImageSupplier", structs, 512, []string{"ImageSupplierID", "ImageSupplierName"}},
	// Reservations against text and data mining.
	{"plus", "DataMining", uri, 256, nil},
	{"plus", "OtherConstraints", alt, 1024, nil},
	{"tdm", "reservation", text, 16, nil},
	{"tdm", "policy", uri, 1024, nil},
	// Where C2PA keeps the address of a manifest that is not in the file.
	{"dcterms", "provenance", uri, 1024, nil},
	{"xmpMM", "OriginalDocumentID", text, 256, nil},
}

// tagalong names the properties that do not make a packet worth writing: nearly every photo
// that went through Adobe's programs has them, and small variants would grow by a tenth.
var tagalong = map[string]bool{"xmpMM:OriginalDocumentID": true}

// key names a property, as "dc:rights".
func (p property) key() string { return p.prefix + ":" + p.name }

// lookup finds the property of a namespace and local name.
var lookup = func() map[[2]string]property {
	m := make(map[[2]string]property, len(properties))
	for _, p := range properties {
		m[[2]string{namespaces[p.prefix], p.name}] = p
	}
	return m
}()

// item is one value of a property: a text, with its language where it has one, or the fields
// of a structure.
type item struct {
	lang   string
	text   string
	fields map[string]string
}

// statement is what a source of metadata says, by property key. It holds no empty value.
type statement map[string][]item

// maxItems is the number of values of one property that are kept.
const maxItems = 8

// fill takes from other what s does not say.
func (s statement) fill(other statement) {
	for key, items := range other {
		if _, said := s[key]; !said {
			s[key] = items
		}
	}
}

// set says the property, unless it is said already or nothing usable is left of the items.
func (s statement) set(p property, items ...item) {
	if _, said := s[p.key()]; said {
		return
	}
	var kept []item
	for _, it := range items {
		if it, ok := p.fit(it); ok && len(kept) < p.max() {
			kept = append(kept, it)
		}
	}
	if len(kept) > 0 {
		s[p.key()] = kept
	}
}

// say sets a property named by its key to texts.
func (s statement) say(key string, texts ...string) {
	for _, p := range properties {
		if p.key() == key {
			items := make([]item, len(texts))
			for i, t := range texts {
				items[i].text = t
			}
			s.set(p, items...)
		}
	}
}

func (p property) max() int {
	switch p.form {
	case text, uri, link:
		return 1
	case alt:
		return 4
	}
	return maxItems
}

// fit cleans and shortens an item; ok is false when nothing is left.
func (p property) fit(it item) (_ item, ok bool) {
	if p.form == structs {
		fields := map[string]string{}
		for name, value := range it.fields {
			if value = clean(value); value != "" {
				fields[name] = shorten(value, p.limit)
			}
		}
		return item{fields: fields}, len(fields) > 0
	}
	it.text, it.fields = clean(it.text), nil
	if p.form == uri || p.form == link {
		return it, it.text != "" && len(it.text) <= p.limit
	}
	it.text = shorten(it.text, p.limit)
	if it.lang = clean(it.lang); it.lang == "" || len(it.lang) > 35 { // BCP 47's longest usual tag
		it.lang = "x-default"
	}
	return it, it.text != ""
}

// clean drops control characters and the space around a text.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0xfffe || r == 0xffff || r == 0xfeff:
			return -1
		}
		return r
	}, s))
}

// shorten cuts a text to at most limit bytes, at a character, and shows the cut.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	const mark = "…"
	end := max(limit-len(mark), 0)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + mark
}
