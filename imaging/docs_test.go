package imaging

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of fields in docs/recipes.md anew")

const docs = "../docs/recipes.md"

// The table of fields in the documentation is the one the parser reads.
func TestDocsTable(t *testing.T) {
	data, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	const head, tail = "<!-- fields: made by go test ./imaging -run Docs -update -->\n", "<!-- end of fields -->\n"
	before, rest, ok1 := strings.Cut(string(data), head)
	table, after, ok2 := strings.Cut(rest, tail)
	if !ok1 || !ok2 {
		t.Fatalf("%s has lost its marks %q and %q", docs, head, tail)
	}
	want := fieldTable()
	if table == want {
		return
	}
	if !*update {
		t.Fatalf("the table in %s is old; go test ./imaging -run Docs -update makes it anew:\n%s", docs, want)
	}
	if err := os.WriteFile(docs, []byte(before+head+want+tail+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// fieldTable lists all fields as Markdown.
func fieldTable() string {
	var b strings.Builder
	b.WriteString("| field | may be | default | what it is |\n| --- | --- | --- | --- |\n")
	var rows func(f *field, v reflect.Value)
	rows = func(f *field, v reflect.Value) {
		for _, kid := range f.fields {
			initial, may := "", "a section"
			if !kid.section() {
				initial, may = "`"+kid.literal(kid.in(v))+"`", kid.expected()
			}
			if kid.path == "name" {
				initial = "the file's name"
			}
			if kid.optional() {
				initial = "not written"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", kid.path, may, initial, kid.doc)
			rows(kid, kid.in(v))
		}
	}
	rows(root, reflect.ValueOf(catalogue()))
	return b.String()
}

// Every recipe in the documentation parses, and every wrong one is refused in the words shown.
func TestDocsExamples(t *testing.T) {
	data, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```\n(?:\n```text\n(.*?)```\n)?").FindAllStringSubmatch(string(data), -1)
	if len(blocks) < 4 {
		t.Fatalf("only %d examples in %s", len(blocks), docs)
	}
	for _, block := range blocks {
		_, err := ParseRecipe("shop.yaml", []byte(block[1]))
		got := ""
		if err != nil {
			got = err.Error() + "\n"
		}
		if got != block[2] {
			t.Errorf("the example\n%s\ngives\n%swhere the documentation has\n%s", block[1], got, block[2])
		}
	}
}
