package imaging

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseYAMLIsStrict(t *testing.T) {
	type prices struct {
		AsOf  string             `yaml:"as_of"`
		Input float64            `yaml:"input"`
		Sizes map[string]float64 `yaml:"sizes"`
	}
	var good prices
	if err := ParseYAML("p.yaml", "a price file", []byte("as_of: 2026-11-27\ninput: 1.5\nsizes: {1K: 1024}\n"), &good); err != nil {
		t.Fatal(err)
	}
	if good.AsOf != "2026-11-27" || good.Input != 1.5 || good.Sizes["1K"] != 1024 {
		t.Errorf("read %+v", good)
	}
	for _, tt := range []struct{ name, yaml, want string }{
		{"an unknown field", "input: 1\noutput: 2", `p.yaml:2: unknown field "output"`},
		{"a field that is there twice", "input: 1\ninput: 2", "p.yaml:2: "},
		{"a text for a number", "input: much", "p.yaml:1: "},
		{"an alias", "as_of: &a x\nsizes: {y: *a}", "p.yaml:1: an anchor, alias"},
		{"a tag", "as_of: !!str 3", "p.yaml:1: an anchor, alias, tag"},
		{"a merge key", "sizes:\n  <<: {a: 1}", "p.yaml:2: an anchor, alias, tag or merge key"},
		{"nothing", "# nothing\n", "p.yaml is empty; a price file is not"},
		{"two documents", "input: 1\n---\ninput: 2", "p.yaml:2: a second document starts; a price file is one"},
		{"more than may be", strings.Repeat("# filler\n", maxDocument/9+1), "a price file is far shorter"},
		{"no text", "\xff", "not UTF-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := ParseYAML("p.yaml", "a price file", []byte(tt.yaml), new(prices))
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line with %q", err, tt.want)
			}
		})
	}
}

func TestReadYAMLOfNoRegularFile(t *testing.T) {
	if err := ReadYAML(t.TempDir(), "a price file", new(struct{})); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("a folder: %v", err)
	}
	if err := ReadYAML(filepath.Join(t.TempDir(), "none"), "a price file", new(struct{})); !os.IsNotExist(err) {
		t.Errorf("a missing file: %v", err)
	}
}
