// Package architecture holds the rules of who may import whom, and the test of them.
//
// docs/architecture.md gives the reasons. The rules are about the module's own packages,
// tests included, except where a rule says otherwise.
package architecture

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
)

// module is the path that the imports of our own packages begin with.
const module = "burnish/"

// file is what the rules need to know of one Go file.
type file struct {
	path    string   // below the module's root, with slashes
	pkg     string   // the name in its package clause
	imports []string // import paths; our own without the module
	env     []string // calls that read the environment
}

// dir is the folder of the file's package.
func (f file) dir() string { return path.Dir(f.path) }

func (f file) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

// parse reads one file. The path is relative to the module's root.
func parse(path string, src any) (file, error) {
	tree, err := parser.ParseFile(token.NewFileSet(), path, src, parser.SkipObjectResolution)
	if err != nil {
		return file{}, err
	}
	f := file{path: path, pkg: tree.Name.Name}
	names := map[string]string{} // what the file calls the packages that read the environment
	for _, spec := range tree.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return file{}, fmt.Errorf("%s: import %s: %w", path, spec.Path.Value, err)
		}
		f.imports = append(f.imports, strings.TrimPrefix(imported, module))
		if imported == "os" || imported == "syscall" {
			names[imported] = imported
			if spec.Name != nil {
				delete(names, imported)
				names[spec.Name.Name] = imported
			}
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		from, ok := selector.X.(*ast.Ident)
		if ok && names[from.Name] != "" && slices.Contains(environment, selector.Sel.Name) {
			f.env = append(f.env, names[from.Name]+"."+selector.Sel.Name)
		}
		return true
	})
	return f, nil
}

// environment lists the functions of os and syscall that read environment variables.
var environment = []string{"Getenv", "LookupEnv", "Environ", "ExpandEnv"}
