package imaging

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// MaxRecipe bounds a recipe's file, in bytes. The parser's time grows with the square of it.
const MaxRecipe = 16 << 10

// ReadRecipe reads and parses the recipe in a file.
func ReadRecipe(path string) (Recipe, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Recipe{}, err
	}
	if !info.Mode().IsRegular() { // a pipe or a device might never end
		return Recipe{}, fmt.Errorf("%s is no regular file; a recipe is a YAML file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return Recipe{}, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxRecipe+1))
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
	body, err := parseYAML(name, data)
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

// parseYAML parses the one document of a file into its topmost node, which is nil when the
// document is empty.
func parseYAML(name string, data []byte) (ast.Node, error) {
	if len(data) > MaxRecipe {
		return nil, fmt.Errorf("%s is longer than %v; a recipe is far shorter", name, ByteSize(MaxRecipe))
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("%s is not UTF-8 text; a recipe is a YAML file", name)
	}
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if syntax := (*yaml.SyntaxError)(nil); errors.As(err, &syntax) {
		return nil, fmt.Errorf("%s:%d: %s", name, syntax.Token.Position.Line, syntax.Message)
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var body ast.Node
	documents := 0
	for _, doc := range file.Docs {
		if _, directive := doc.Body.(*ast.DirectiveNode); directive {
			continue
		}
		if documents++; documents > 1 {
			return nil, fmt.Errorf("%s:%d: a second document starts; a recipe is one", name, startOf(doc))
		}
		body = doc.Body
	}
	return body, nil
}

// startOf is the line that a document after the first starts on: that of its --- or, after the
// former's ..., of what stands in it.
func startOf(doc *ast.DocumentNode) int {
	if doc.Start != nil {
		return doc.Start.Position.Line
	}
	return max(line(doc.Body), 1)
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
