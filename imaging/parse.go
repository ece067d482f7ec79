package imaging

import (
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
)

// MaxRecipe bounds a recipe's file, in bytes.
const MaxRecipe = maxDocument

// aRecipe says what a recipe's file is, in errors.
const aRecipe = "a recipe"

// ReadRecipe reads and parses the recipe in a file.
func ReadRecipe(path string) (Recipe, error) {
	data, err := readDocument(path, aRecipe)
	if err != nil {
		return Recipe{}, err
	}
	return ParseRecipe(path, data)
}

// ParseRecipe parses a recipe. name is the file's, for errors and, where the recipe has no name
// of its own, without folder and extension, for the recipe.
//
// A field that is left out has the value it has in the built-in recipe "catalogue"; of the
// formats only those are written that are there. Widths are sorted. The error holds all that
// is wrong, one line each, with file, line and what was expected.
func ParseRecipe(name string, data []byte) (Recipe, error) {
	return parseRecipe(name, data, reflect.ValueOf(catalogue()))
}

// parseRecipe takes what is left out from defaults; without defaults nothing may be.
func parseRecipe(name string, data []byte, defaults reflect.Value) (Recipe, error) {
	body, err := parseYAML(name, aRecipe, data)
	if err != nil {
		return Recipe{}, err
	}
	r := Recipe{Name: nameOf(name)}
	d := decoder{file: name}
	d.section(body, root, reflect.ValueOf(&r).Elem(), defaults)
	if v := r.Variants; v.JPEG == nil && v.WebP == nil && v.AVIF == nil && len(d.faults) == 0 {
		d.faultf(d.variants, `no format in variants; expected jpeg, webp or avif, for instance "webp: {}" for WebP as in the built-in recipe`)
	}
	if err := d.err(); err != nil {
		return Recipe{}, err
	}
	return r, nil
}

var (
	nameForm   = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	noNameChar = regexp.MustCompile(`[^A-Za-z0-9._-]+`)
)

// nameOf makes a recipe's name of that of its file.
func nameOf(file string) string {
	base := filepath.Base(file)
	base = strings.TrimSuffix(base, filepath.Ext(base))
	base = strings.Trim(noNameChar.ReplaceAllString(base, "-"), "-.")
	if base == "" {
		return "recipe"
	}
	return base[:min(len(base), maxName)]
}
