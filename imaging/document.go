package imaging

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxDocument bounds a YAML file, in bytes. The parser's time grows with the square of it.
const maxDocument = 16 << 10

// ReadYAML reads a YAML file as strictly as a recipe is read, and carries it into the struct that
// to points to. what says in words what the file is, for errors, such as "a price file". The file
// is one document of at most 16 KiB of UTF-8, without anchors, aliases, tags and fields that the
// struct does not have. Fields that are missing stay as they are: the caller knows which must not
// be.
func ReadYAML(path, what string, to any) error {
	data, err := readDocument(path, what)
	if err != nil {
		return err
	}
	return ParseYAML(path, what, data, to)
}

// ParseYAML is ReadYAML for a file's content. name is the file's, for errors.
func ParseYAML(name, what string, data []byte, to any) error {
	body, err := parseYAML(name, what, data)
	if err != nil {
		return err
	}
	if body == nil {
		return fmt.Errorf("%s is empty; %s is not", name, what)
	}
	if odd := oddNode(body); odd != nil {
		return fmt.Errorf("%s:%d: an anchor, alias, tag or merge key, which %s does without", name, line(odd), what)
	}
	err = yaml.NodeToValue(body, to, yaml.Strict())
	if detail := yaml.Error(nil); errors.As(err, &detail) {
		return fmt.Errorf("%s:%d: %s", name, max(detail.GetToken().Position.Line, 1), detail.GetMessage())
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// oddNode is the first node below n that makes a document say more, or less, than is seen in it.
func oddNode(n ast.Node) ast.Node {
	var odd visitor
	ast.Walk(&odd, n)
	return odd.found
}

type visitor struct{ found ast.Node }

// Visit implements ast.Visitor.
func (v *visitor) Visit(n ast.Node) ast.Visitor {
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		if v.found == nil {
			v.found = n
		}
	}
	return v
}

// readDocument reads a file of bounded size.
func readDocument(path, what string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // a pipe or a device might never end
		return nil, fmt.Errorf("%s is no regular file; %s is a YAML file", path, what)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxDocument+1))
}

// parseYAML parses the one document of a file into its topmost node, which is nil when the
// document is empty.
func parseYAML(name, what string, data []byte) (ast.Node, error) {
	if len(data) > maxDocument {
		return nil, fmt.Errorf("%s is longer than %v; %s is far shorter", name, ByteSize(maxDocument), what)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("%s is not UTF-8 text; %s is a YAML file", name, what)
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
			return nil, fmt.Errorf("%s:%d: a second document starts; %s is one", name, startOf(doc), what)
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
