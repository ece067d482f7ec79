package imaging

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// Schema is the JSON Schema (draft 2020-12) of recipes, for editors. It cannot say four things
// that the parser checks: the range of a size written with a unit, that no field and no
// directive is given twice, and that 80.0 is no whole number.
func Schema() []byte {
	s := root.schema(reflect.ValueOf(catalogue()))
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "Burnish recipe"
	s["required"] = []string{"variants"}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(s); err != nil { // it is made of maps, texts and numbers
		panic(fmt.Sprintf("imaging: schema: %v", err))
	}
	return b.Bytes()
}

// schema describes the field, whose default is given.
func (f *field) schema(initial reflect.Value) map[string]any {
	if f.section() {
		return f.sectionSchema(initial)
	}
	s := map[string]any{"description": f.doc}
	if f.path != "name" {
		s["default"] = initial.Interface()
	}
	switch f.typ {
	case reflect.TypeFor[bool]():
		s["type"] = "boolean"
	case reflect.TypeFor[int]():
		s["type"], s["minimum"], s["maximum"] = "integer", f.min, f.max
	case reflect.TypeFor[float64]():
		s["type"], s["minimum"], s["maximum"] = "number", f.min, f.max
	case reflect.TypeFor[[]int]():
		s["type"], s["minItems"], s["maxItems"], s["uniqueItems"] = "array", 1, maxWidths, true
		s["items"] = map[string]any{"type": "integer", "minimum": f.min, "maximum": f.max}
	case reflect.TypeFor[ByteSize]():
		s["type"], s["minimum"], s["maximum"] = []string{"integer", "string"}, f.min, f.max
		s["pattern"] = byteSizePattern
	case reflect.TypeFor[Color]():
		s["type"], s["pattern"] = "string", colorPattern
	case reflect.TypeFor[CacheControl]():
		s["type"], s["pattern"], s["maxLength"] = "string", cachePattern, maxCacheBytes
	default:
		s["type"] = "string"
		if len(f.choices) > 0 {
			s["enum"] = f.choices
		} else {
			s["pattern"] = nameForm.String()
		}
	}
	return s
}

// sectionSchema describes a section. An empty one, which YAML reads as null, has all defaults.
func (f *field) sectionSchema(initial reflect.Value) map[string]any {
	properties := map[string]any{}
	for _, kid := range f.fields {
		properties[kid.name] = kid.schema(kid.in(initial))
	}
	s := map[string]any{
		"type":                 []string{"object", "null"},
		"properties":           properties,
		"additionalProperties": false,
	}
	if f.doc != "" {
		s["description"] = f.doc
	}
	if f == root {
		s["type"] = "object"
	}
	if f.path == "variants" {
		s["type"] = "object" // for null has no format
		var formats []any
		for _, kid := range f.fields {
			if kid.optional() {
				formats = append(formats, map[string]any{"required": []string{kid.name}})
			}
		}
		s["anyOf"] = formats
	}
	return s
}
