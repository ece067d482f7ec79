package imaging

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"github.com/goccy/go-yaml/ast"
)

// decoder carries a YAML tree into a recipe and collects all that is wrong with it.
type decoder struct {
	file     string
	variants int // the line of that section; 0 when there is none
	faults   []fault
}

type fault struct {
	line int
	text string
}

func (d *decoder) faultf(line int, format string, args ...any) {
	d.faults = append(d.faults, fault{max(line, 1), fmt.Sprintf(format, args...)})
}

// err is all faults in the order of their lines, or nil.
func (d *decoder) err() error {
	slices.SortStableFunc(d.faults, func(a, b fault) int { return cmp.Compare(a.line, b.line) })
	var errs []error
	for _, f := range d.faults {
		errs = append(errs, fmt.Errorf("%s:%d: %s", d.file, f.line, f.text))
	}
	return errors.Join(errs...)
}

// section sets all fields of a section: from the node, which is nil for a section that is left
// out, or else from defaults, which may be the invalid value.
func (d *decoder) section(n ast.Node, f *field, v, defaults reflect.Value) {
	given, ok := d.entries(n, f)
	if !ok {
		return
	}
	for _, kid := range f.fields {
		entry, to, from := given[kid.name], kid.in(v), kid.in(defaults)
		switch {
		case kid.optional() && entry == nil:
			// Not there means not written.
		case kid.optional():
			to.Set(reflect.New(kid.typ.Elem()))
			d.section(entry, kid, to.Elem(), from)
		case kid.section():
			if entry != nil && kid.name == "variants" {
				d.variants = line(entry)
			}
			d.section(entry, kid, to, from)
		case entry != nil:
			d.value(entry, kid, to)
		case from.IsValid() && kid.path != "name":
			to.Set(from)
		case !from.IsValid():
			d.faultf(line(n), "%s is missing; expected %s", kid.path, kid.expected())
		}
	}
	if widths, ok := v.Interface().(Variants); ok { // not to share the default's
		v.FieldByName("Widths").Set(reflect.ValueOf(slices.Clone(widths.Widths)))
	}
}

// entries gives the values of a section by name. An empty section is one without fields.
func (d *decoder) entries(n ast.Node, f *field) (given map[string]ast.Node, ok bool) {
	given = map[string]ast.Node{}
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case nil, *ast.NullNode:
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		d.unexpected(n, f)
		return nil, false
	}
	lines := map[string]int{}
	for _, v := range values {
		key, isText := v.Key.(*ast.StringNode)
		switch {
		case !isText && v.Key.IsMergeKey():
			d.faultf(line(v.Key), "merge keys are not supported; write the fields out")
		case !isText:
			d.faultf(line(v.Key), "%s is no name of a field; expected %s", v.Key.GetToken().Value, list(names(f.fields)))
		case f.find(key.Value) == nil:
			d.unknown(key, f)
		case lines[key.Value] > 0:
			d.faultf(line(key), "%s is here twice, first on line %d; keep one", f.find(key.Value).path, lines[key.Value])
		default:
			lines[key.Value] = line(key)
			given[key.Value] = v.Value
		}
	}
	return given, true
}

// unknown reports a field that a section does not have, with the one that was meant, or the
// places where a field of that name belongs.
func (d *decoder) unknown(key *ast.StringNode, f *field) {
	where, known := "the recipe", names(f.fields)
	if f.path != "" {
		where = f.path
	}
	hint := ""
	var elsewhere []string
	root.walk(func(other *field) {
		if other.name == key.Value {
			elsewhere = append(elsewhere, other.path)
		}
	})
	if meant := nearest(key.Value, known); meant != "" {
		hint = ", did you mean " + meant + "?"
	} else if len(elsewhere) > 0 {
		hint = ", or in its place: " + list(elsewhere)
	}
	d.faultf(line(key), "unknown field %q in %s; expected %s%s", key.Value, where, list(known), hint)
}

// unexpected reports a value that is of no use for the field.
func (d *decoder) unexpected(n ast.Node, f *field) {
	name := f.path
	if name == "" {
		name = "the recipe"
	}
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		d.faultf(line(n), "%s has an anchor, alias or tag, which recipes do without; expected %s", name, f.expected())
		return
	}
	hint := ""
	if text, ok := n.(*ast.StringNode); ok && len(f.choices) > 0 {
		if meant := nearest(text.Value, f.choices); meant != "" {
			hint = ", did you mean " + meant + "?"
		}
	}
	d.faultf(line(n), "%s is %s; expected %s%s", name, found(n), f.expected(), hint)
}

// found says in words what a node is.
func found(n ast.Node) string {
	switch n := n.(type) {
	case *ast.NullNode:
		return "empty"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a section"
	case *ast.SequenceNode:
		if len(n.Values) == 0 {
			return "an empty list"
		}
		return "a list"
	case *ast.StringNode:
		return quoted(n.Value)
	case *ast.LiteralNode:
		return quoted(n.Value.Value)
	}
	return n.GetToken().Value
}

// quoted quotes a text, shortened to what fits a line.
func quoted(s string) string {
	if runes := []rune(s); len(runes) > 40 {
		s = string(runes[:39]) + "…"
	}
	return strconv.Quote(s)
}

func line(n ast.Node) int {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 0
	}
	return n.GetToken().Position.Line
}
