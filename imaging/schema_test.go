package imaging

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Editors and the parser agree on what a recipe is.
func TestSchema(t *testing.T) {
	c := jsonschema.NewCompiler()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.AddResource("recipe.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("recipe.json")
	if err != nil {
		t.Fatal(err)
	}
	good := map[string]string{
		"catalogue":      string(catalogue().YAML()),
		"empty sections": "limits:\nvariants: {webp: }",
		"caching":        "variants: {webp: }\noutput: {cache_control: 'private, max-age=60'}",
		"plain size":     "limits: {bytes: 65536}\nvariants: {avif: {}}",
	}
	for name, text := range good {
		if err := schema.Validate(value(t, text)); err != nil {
			t.Errorf("%s is refused: %v", name, err)
		}
	}
	for _, bad := range badRecipes {
		if bad.editor && schema.Validate(value(t, bad.yaml)) == nil {
			t.Errorf("%s is accepted", bad.name)
		}
	}
}

// value is YAML as a JSON value.
func value(t *testing.T, text string) any {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	var v any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in\n%s", err, data)
	}
	return v
}
