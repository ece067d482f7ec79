package imaging

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// rule says what a field of a recipe may be. The type comes from the Go field, the default from
// the built-in recipe; parser, JSON Schema, comments and documentation all read this table.
type rule struct {
	path     string // the names down to the field, with dots
	doc      string // one sentence; the first word continues the field's name
	min, max float64
	choices  []string
}

const (
	maxWidth  = 16383 // WebP's largest
	maxWidths = 32
	maxName   = 64
)

var chromas = []string{string(Auto), string(Subsampled), string(Full)}

var rules = []rule{
	{path: "name", doc: "Stands in ledgers and manifests. Letters, digits and . _ - only; without it, the file's name serves."},

	{path: "limits", doc: "What may be read. A photo past a limit fails as too_large, before any pixel is decoded."},
	{path: "limits.bytes", doc: "Size of the coded photo.", min: 1 << 10, max: 1 << 30},
	{path: "limits.megapixels", doc: "Width × height / 1,000,000 of the first frame.", min: 0.01, max: 1000},
	{path: "limits.bands", doc: "Channels, alpha included: 3 is RGB, 5 is CMYK with alpha.", min: 1, max: 32},
	{path: "limits.frames", doc: "Frames in the file, of which only the first is used.", min: 1, max: 100_000},

	{path: "enhance", doc: "The most that each adjustment may do to a photo; what it gets is decided by what is measured, but for sharpen. 0 switches one off."},
	{path: "enhance.exposure", doc: "The most by which a photo is brightened where it is too dark, in EV; 0 is never.", min: 0, max: 3},
	{path: "enhance.contrast", doc: "The most by which the contrast of a flat photo is raised, as a share of what it has; 0 is never.", min: 0, max: 1},
	{path: "enhance.white_balance", doc: "The strongest cast that is taken off an even background, by its chroma in CIELAB; what is stronger is taken for a colour; 0 is never.", min: 0, max: 40},
	{path: "enhance.denoise", doc: "The strongest noise that is averaged away, by its standard deviation in 8-bit levels of luminance; 0 is never.", min: 0, max: 30},
	{path: "enhance.saturation", doc: "The most by which the colours of a dull photo are raised, as a share of what they are; 0 is never.", min: 0, max: 0.5},
	{path: "enhance.deblur", doc: "The most unsharp masking that a photo gets which is soft at the size of its largest variant; 0 is none.", min: 0, max: 2},
	{path: "enhance.background", doc: "The most by which a plain off-white background is lightened to become white, in CIE L*; shadows are kept; 0 is never.", min: 0, max: 30},
	{path: "enhance.sharpen", doc: "Amount of unsharp masking after each downscale; 0 is none.", min: 0, max: 2},

	{path: "variants", doc: "Which files are written. A format is written when its section is there, even an empty one; at least one must be."},
	{path: "variants.widths", doc: "Widths in pixels, each one a variant in each format. A photo is never enlarged: one that is narrower than all of them is written at its own width.", min: 1, max: maxWidth},
	{path: "variants.background", doc: "Colour that shows through transparent pixels in JPEG. Needs its quotes, since # starts a comment."},
	{path: "variants.jpeg", doc: "JPEG, by mozjpeg."},
	{path: "variants.jpeg.quality", doc: "Quality; each format has a scale of its own.", min: 1, max: 100},
	{path: "variants.jpeg.chroma", doc: "Colour sampling; auto takes 4:2:0 unless the photo's saturated edges would visibly suffer.", choices: chromas},
	{path: "variants.jpeg.progressive", doc: "Code the picture in passes, from coarse to fine. Smaller, and shows earlier."},
	{path: "variants.jpeg.trellis", doc: "Weigh each coefficient's bits against what it shows (mozjpeg)."},
	{path: "variants.jpeg.deringing", doc: "Keep white backgrounds free of ringing around dark edges (mozjpeg)."},
	{path: "variants.jpeg.optimize_scans", doc: "Search for the split into passes that gives the smallest file (mozjpeg, progressive only)."},
	{path: "variants.jpeg.quant_table", doc: "Quantisation table, as mozjpeg numbers them.", min: 0, max: 8},
	{path: "variants.webp", doc: "WebP, by libwebp."},
	{path: "variants.webp.quality", doc: "Quality; each format has a scale of its own.", min: 1, max: 100},
	{path: "variants.webp.effort", doc: "CPU spent on a smaller file.", min: 0, max: 6},
	{path: "variants.webp.chroma", doc: "Colour sampling; lossy WebP is always 4:2:0, so 4:4:4 means its slower, sharper way there.", choices: chromas},
	{path: "variants.avif", doc: "AVIF, by libaom."},
	{path: "variants.avif.quality", doc: "Quality; each format has a scale of its own.", min: 1, max: 100},
	{path: "variants.avif.effort", doc: "CPU spent on a smaller file. Each step from 4 on costs several times the one before.", min: 0, max: 9},
	{path: "variants.avif.chroma", doc: "Colour sampling, as in jpeg.", choices: chromas},
	{path: "variants.avif.tune", doc: "What the encoder aims at: iq is libaom's mode for still pictures.", choices: []string{"iq", "ssim", "psnr"}},

	{path: "output", doc: "How variants are stored."},
	{path: "output.fingerprint_in_path", doc: "Put the recipe's fingerprint and the photo's checksum into each variant's path, so that its URL can be cached for ever."},
	{path: "output.cache_control", doc: "How long those who fetch a variant from a bucket may keep it, as an HTTP header says it; auto is an hour, or for ever with fingerprint_in_path. A folder keeps no such thing."},
}

// field is a rule with its place among the others.
type field struct {
	rule
	name   string
	index  int // of the Go field in its struct
	typ    reflect.Type
	fields []*field // of a section
}

// root is the recipe as a field. It panics at start when a Go field has no rule.
var root = newField(rule{}, "", reflect.TypeFor[Recipe]())

func newField(r rule, name string, typ reflect.Type) *field {
	f := &field{rule: r, name: name, typ: typ}
	section := typ
	if section.Kind() == reflect.Pointer {
		section = section.Elem()
	}
	if section.Kind() != reflect.Struct || section == reflect.TypeFor[Color]() {
		return f
	}
	for i := range section.NumField() {
		sub := section.Field(i)
		path := strings.TrimPrefix(r.path+"."+sub.Tag.Get("yaml"), ".")
		at := slices.IndexFunc(rules, func(r rule) bool { return r.path == path })
		if at < 0 {
			panic("imaging: no rule for the recipe's field " + path)
		}
		kid := newField(rules[at], sub.Tag.Get("yaml"), sub.Type)
		kid.index = i
		f.fields = append(f.fields, kid)
	}
	return f
}

// optional reports whether leaving the section out means something else than its defaults.
func (f *field) optional() bool { return f.typ.Kind() == reflect.Pointer }

// section reports whether the field has fields.
func (f *field) section() bool { return len(f.fields) > 0 }

// in finds the field's value in that of its section. Below a nil pointer or an invalid value
// there is only the invalid value.
func (f *field) in(section reflect.Value) reflect.Value {
	if section.Kind() == reflect.Pointer {
		section = section.Elem()
	}
	if !section.IsValid() {
		return section
	}
	return section.Field(f.index)
}

// find is the field of a name in a section, or nil.
func (f *field) find(name string) *field {
	for _, kid := range f.fields {
		if kid.name == name {
			return kid
		}
	}
	return nil
}

// walk calls visit for all fields below f, in order, each section before its fields.
func (f *field) walk(visit func(*field)) {
	for _, kid := range f.fields {
		visit(kid)
		kid.walk(visit)
	}
}

// expected says in words what the field may be.
func (f *field) expected() string {
	switch {
	case f.path == "name":
		return fmt.Sprintf("a text of 1 to %d letters, digits or . _ -", maxName)
	case f.section():
		return "a section with " + list(names(f.fields))
	case len(f.choices) > 0:
		return list(f.choices)
	}
	between := " from " + plain(f.min) + " to " + plain(f.max)
	switch f.typ {
	case reflect.TypeFor[bool]():
		return "true or false"
	case reflect.TypeFor[Color]():
		return `a colour in quotes, such as "#ffffff"`
	case reflect.TypeFor[CacheControl]():
		return "auto or directives such as max-age=3600, none twice"
	case reflect.TypeFor[ByteSize]():
		return fmt.Sprintf("a size from %s to %s, such as 64 MiB", ByteSize(f.min), ByteSize(f.max))
	case reflect.TypeFor[int]():
		return "a whole number" + between
	case reflect.TypeFor[[]int]():
		return fmt.Sprintf("a list of 1 to %d different whole numbers%s, such as [320, 640]", maxWidths, between)
	}
	return "a number" + between
}

func plain(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

func names(fields []*field) []string {
	all := make([]string, len(fields))
	for i, f := range fields {
		all[i] = f.name
	}
	return all
}

// list writes "a, b or c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
