package imaging

import (
	"reflect"
	"strings"
	"testing"
)

var build = Build{
	Version: "1.0", Algorithm: 1, Libvips: "8.18.7",
	Codecs: map[string]string{"aom": "3.15.1", "webp": "1.6.0"},
	Reads:  []Format{JPEG, PNG},
}

func plainRecipe() Recipe {
	return Recipe{
		Name:    "plain",
		Limits:  Limits{64 << 20, 100, 5, 1000},
		Enhance: Enhance{Sharpen: 0.5},
		Variants: Variants{
			[]int{320, 640},
			Color{255, 255, 255},
			&JPEGOptions{80, Auto, true, true, true, true, 3},
			&WebPOptions{80, 4, Auto},
			&AVIFOptions{60, 2, Auto, "iq"},
		},
	}
}

// Manifests of millions of photos carry fingerprints: the form they are made of stays.
func TestFingerprintGolden(t *testing.T) {
	const golden = `{"build":{"algorithm":1,"codecs":{"aom":"3.15.1","webp":"1.6.0"},"libvips":"8.18.7"},` +
		`"enhance":{"sharpen":0.5},"output":{},` +
		`"variants":{"avif":{"chroma":"auto","effort":2,"quality":60,"tune":"iq"},"background":"#ffffff",` +
		`"jpeg":{"chroma":"auto","deringing":true,"optimize_scans":true,"progressive":true,"quality":80,"quant_table":3,"trellis":true},` +
		`"webp":{"chroma":"auto","effort":4,"quality":80},"widths":[320,640]}}`
	if got := string(canonical(plainRecipe(), build)); got != golden {
		t.Errorf("canonical form\n%s\nwant\n%s", got, golden)
	}
	if got, want := plainRecipe().Fingerprint(build), "3371fc1857743e79"; got != want {
		t.Errorf("fingerprint %s, want %s", got, want)
	}
}

func TestFingerprintChangesWithOutput(t *testing.T) {
	seen := map[string]string{plainRecipe().Fingerprint(build): "nothing"}
	note := func(change, fingerprint string) {
		if other, ok := seen[fingerprint]; ok {
			t.Errorf("%s: the same fingerprint as with %s changed", change, other)
		}
		seen[fingerprint] = change
	}
	count := 0
	for _, section := range []string{"Enhance", "Variants", "Output"} {
		forEachLeaf(t, section, reflect.TypeFor[Recipe](), func(path string) {
			r := plainRecipe()
			mutate(t, leaf(reflect.ValueOf(&r).Elem(), path))
			note(path, r.Fingerprint(build))
			count++
		})
	}
	if count < 18 {
		t.Errorf("only %d fields changed", count)
	}
	for _, path := range []string{"Variants.JPEG", "Variants.WebP", "Variants.AVIF"} {
		r := plainRecipe()
		format := leaf(reflect.ValueOf(&r).Elem(), path)
		format.Elem().SetZero()
		note("zero "+path, r.Fingerprint(build))
		format.SetZero()
		note("no "+path, r.Fingerprint(build))
	}
	for change, b := range map[string]Build{
		"Algorithm":       {Algorithm: 2, Libvips: build.Libvips, Codecs: build.Codecs},
		"Libvips":         {Algorithm: 1, Libvips: "8.18.8", Codecs: build.Codecs},
		"a codec":         {Algorithm: 1, Libvips: build.Libvips, Codecs: map[string]string{"aom": "3.15.2", "webp": "1.6.0"}},
		"one codec less":  {Algorithm: 1, Libvips: build.Libvips, Codecs: map[string]string{"webp": "1.6.0"}},
		"codecs switched": {Algorithm: 1, Libvips: build.Libvips, Codecs: map[string]string{"aom": "1.6.0", "webp": "3.15.1"}},
	} {
		note(change, plainRecipe().Fingerprint(b))
	}
}

func TestFingerprintStays(t *testing.T) {
	want := plainRecipe().Fingerprint(build)
	forEachLeaf(t, "Limits", reflect.TypeFor[Recipe](), func(path string) {
		r := plainRecipe()
		mutate(t, leaf(reflect.ValueOf(&r).Elem(), path))
		if r.Fingerprint(build) != want {
			t.Errorf("%s decides whether a photo is read, but changes the fingerprint", path)
		}
	})
	renamed := plainRecipe()
	renamed.Name = "other"
	if renamed.Fingerprint(build) != want {
		t.Error("the name changes the fingerprint")
	}
	other := build
	other.Version, other.Reads = "2.0", []Format{JPEG}
	if plainRecipe().Fingerprint(other) != want {
		t.Error("Build.Version or Build.Reads changes the fingerprint")
	}

	for _, same := range [][2]string{
		{"variants: {jpeg: {}, webp: , avif: {}}", string(catalogue().YAML())}, // defaults spelled out
		{"variants: {webp: }", "variants: {webp: }\noutput: {cache_control: max-age=3600}"},
		{
			"variants: {webp: }\noutput: {fingerprint_in_path: true}",
			"variants: {webp: }\noutput: {fingerprint_in_path: true, cache_control: \"max-age=31536000, immutable\"}",
		},
		{
			"variants:\n  widths: [300, 600]\n  background: \"#fff\"\n  jpeg: {quality: 70, chroma: 4:2:0}\n  webp:\n",
			"variants:\n  # turned round\n  webp: {}\n  jpeg:\n    chroma: '4:2:0'\n    quality: 70\n  background: '#FFFFFF'\n  widths:\n  - 600\n  - 300\n",
		},
	} {
		var prints [2]string
		for i, text := range same {
			r, err := ParseRecipe("x.yaml", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			prints[i] = r.Fingerprint(build)
		}
		if prints[0] != prints[1] {
			t.Errorf("one recipe in two ways, two fingerprints:\n%s\n%s", same[0], same[1])
		}
	}
}

// forEachLeaf visits the paths of all fields below a field that have no fields of their own.
func forEachLeaf(t *testing.T, path string, in reflect.Type, visit func(path string)) {
	t.Helper()
	name := path[strings.LastIndex(path, ".")+1:]
	f, ok := in.FieldByName(name)
	if !ok {
		t.Fatalf("no field %s", path)
	}
	typ := f.Type
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct || typ == reflect.TypeFor[Color]() {
		visit(path)
		return
	}
	for i := range typ.NumField() {
		forEachLeaf(t, path+"."+typ.Field(i).Name, typ, visit)
	}
}

func leaf(v reflect.Value, path string) reflect.Value {
	for name := range strings.SplitSeq(path, ".") {
		v = reflect.Indirect(v).FieldByName(name)
	}
	return v
}

func mutate(t *testing.T, v reflect.Value) {
	t.Helper()
	switch x := v.Addr().Interface().(type) {
	case *[]int:
		*x = append(*x, 5000)
	case *Color:
		x.B ^= 1
	default:
		switch v.Kind() {
		case reflect.Bool:
			v.SetBool(!v.Bool())
		case reflect.Int, reflect.Int64:
			v.SetInt(v.Int() + 1)
		case reflect.Float64:
			v.SetFloat(v.Float() + 0.125)
		case reflect.String:
			v.SetString(v.String() + "x")
		default:
			t.Fatalf("a field of %s, which no one can change here", v.Type())
		}
	}
}
