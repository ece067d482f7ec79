package imaging

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// YAML is the recipe with every default spelled out and every field explained. It parses to
// the same recipe.
func (r Recipe) YAML() []byte {
	var b strings.Builder
	root.write(&b, reflect.ValueOf(r), 0)
	return []byte(b.String())
}

// write writes the fields of a section.
func (f *field) write(b *strings.Builder, section reflect.Value, depth int) {
	indent := strings.Repeat("  ", depth)
	for i, kid := range f.fields {
		v := kid.in(section)
		if kid.optional() && v.IsNil() {
			continue
		}
		if depth == 0 && i > 0 {
			b.WriteString("\n")
		}
		for _, line := range wrap(kid.comment(), 90-len(indent)) {
			b.WriteString(indent + "# " + line + "\n")
		}
		b.WriteString(indent + kid.name + ":")
		if kid.section() {
			b.WriteString("\n")
			kid.write(b, v, depth+1)
		} else {
			b.WriteString(" " + kid.literal(v) + "\n")
		}
	}
}

// comment is what the field is, and what else it could be.
func (f *field) comment() string {
	switch {
	case f.section(), f.path == "name", f.typ == reflect.TypeFor[bool](), f.typ == reflect.TypeFor[Color](),
		f.typ == reflect.TypeFor[CacheControl]():
		return f.doc
	case len(f.choices) > 0:
		return f.doc + " One of " + list(f.choices) + "."
	case f.typ == reflect.TypeFor[ByteSize]():
		return fmt.Sprintf("%s %v to %v.", f.doc, ByteSize(f.min), ByteSize(f.max))
	}
	return f.doc + " " + plain(f.min) + " to " + plain(f.max) + "."
}

// literal writes the field's value as YAML.
func (f *field) literal(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case []int:
		return strings.ReplaceAll(fmt.Sprint(x), " ", ", ")
	case float64:
		return plain(x)
	case Color:
		return fmt.Sprintf("%q", x)
	case encoding.TextMarshaler, bool, int:
		return fmt.Sprint(x)
	}
	// Names and 4:2:0 need quotes: no, 1e3 and, to older parsers, 4:20 are no texts without.
	if text := v.String(); len(f.choices) > 0 && !strings.Contains(text, ":") {
		return text
	}
	return strconv.Quote(v.String())
}

// wrap breaks a text into lines of at most width bytes where it can.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) > width:
			lines, line = append(lines, line), word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}
