package imaging

import (
	"encoding"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// value sets a field that is no section.
func (d *decoder) value(n ast.Node, f *field, to reflect.Value) {
	var ok bool
	switch p := to.Addr().Interface().(type) {
	case *bool:
		var b *ast.BoolNode
		if b, ok = n.(*ast.BoolNode); ok {
			*p = b.Value
		}
	case *int:
		*p, ok = integer(n, f)
	case *float64:
		*p, ok = number(n, f)
	case *[]int:
		d.widths(n, f, p)
		return
	case *ByteSize:
		ok = text(n, p) && inRange(float64(*p), f)
	case encoding.TextUnmarshaler:
		_, isText := n.(*ast.StringNode)
		ok = isText && text(n, p)
	default: // a string, or a type that is one
		var s *ast.StringNode
		if s, ok = n.(*ast.StringNode); ok {
			to.SetString(s.Value)
			ok = f.allows(s.Value)
		}
	}
	if !ok {
		d.unexpected(n, f)
	}
}

// allows reports whether a text may stand in the field.
func (f *field) allows(s string) bool {
	if len(f.choices) > 0 {
		return slices.Contains(f.choices, s)
	}
	return nameForm.MatchString(s)
}

// integer reads a decimal number; YAML's other bases would make 010 an eight.
func integer(n ast.Node, f *field) (int, bool) {
	if _, ok := n.(*ast.IntegerNode); !ok {
		return 0, false
	}
	digits := n.GetToken().Value
	if len(digits) > 1 && strings.HasPrefix(digits, "0") {
		return 0, false
	}
	i, err := strconv.Atoi(digits)
	return i, err == nil && inRange(float64(i), f)
}

func number(n ast.Node, f *field) (float64, bool) {
	if _, ok := n.(*ast.FloatNode); !ok {
		i, ok := integer(n, f)
		return float64(i), ok
	}
	x, err := strconv.ParseFloat(n.GetToken().Value, 64)
	return x + 0, err == nil && inRange(x, f) // + 0 makes -0 a 0
}

func inRange(x float64, f *field) bool { return x >= f.min && x <= f.max }

// text reads a value that has a text form of its own.
func text(n ast.Node, to encoding.TextUnmarshaler) bool {
	switch n := n.(type) {
	case *ast.StringNode:
		return to.UnmarshalText([]byte(n.Value)) == nil
	case *ast.IntegerNode:
		return to.UnmarshalText([]byte(n.GetToken().Value)) == nil
	}
	return false
}

// widths reads the list of widths and sorts it.
func (d *decoder) widths(n ast.Node, f *field, to *[]int) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok || len(seq.Values) == 0 || len(seq.Values) > maxWidths {
		d.unexpected(n, f)
		return
	}
	var widths []int
	for _, entry := range seq.Values {
		w, ok := integer(entry, f)
		switch {
		case !ok:
			d.faultf(line(entry), "a width in %s is %s; expected a whole number from %s to %s", f.path, found(entry), plain(f.min), plain(f.max))
		case slices.Contains(widths, w):
			d.faultf(line(entry), "%s has %d twice; keep one", f.path, w)
		}
		widths = append(widths, w)
	}
	slices.Sort(widths)
	*to = widths
}
