package imaging

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// all is the built-in recipe under another name, changed.
func all(name string, change func(*Recipe)) Recipe {
	r := catalogue().clone()
	r.Name = name
	change(&r)
	return r
}

func TestParseRecipe(t *testing.T) {
	jpegOnly := func(r *Recipe) { r.Variants.WebP, r.Variants.AVIF = nil, nil }
	tests := []struct {
		name string
		file string
		yaml string
		want Recipe
	}{
		{"an empty section takes the defaults", "shop.yaml", "variants: {jpeg: {}}", all("shop", jpegOnly)},
		{"so does a section without anything", "dir/My shop!.yml", "variants:\n  jpeg:\n", all("My-shop", jpegOnly)},
		{"and sections that are commented out", "a", "limits:\n  # bytes: 1\nenhance:\noutput: ~\nvariants:\n  jpeg:\n", all("a", jpegOnly)},
		{"a name of its own", "a.yaml", "name: b\nvariants: {jpeg: {}}", all("b", jpegOnly)},
		{"widths are sorted", "a.yaml", "variants:\n  widths:\n  - 900\n  - 300\n  jpeg: {}", all("a", func(r *Recipe) {
			jpegOnly(r)
			r.Variants.Widths = []int{300, 900}
		})},
		{"JSON is YAML", "a.json", `{"limits": {"bytes": 65536, "megapixels": 0.5}, "variants": {"jpeg": null}}`, all("a", func(r *Recipe) {
			jpegOnly(r)
			r.Limits.Bytes, r.Limits.Megapixels = 1<<16, 0.5
		})},
		{"every field", "a.yaml", `%YAML 1.2
---
name: every
limits: {bytes: 2 MB, megapixels: 1.5, bands: 1, frames: 2}
enhance: {exposure: 0.5, contrast: 0.125, white_balance: 5, denoise: 6, saturation: 0.25, deblur: 1.5, background: 7, sharpen: 0.25}
variants:
  widths: [16]
  background: "#123"
  jpeg: {quality: 1, chroma: "4:4:4", progressive: false, trellis: false, deringing: false, optimize_scans: false, quant_table: 8}
  webp: {quality: 2, effort: 0, chroma: 4:2:0}
  avif: {quality: 3, effort: 9, chroma: 4:4:4, tune: psnr}
output: {fingerprint_in_path: true, cache_control: "public,max-age=60, stale-while-revalidate=600"}
`, Recipe{
			"every",
			Limits{2e6, 1.5, 1, 2},
			Enhance{Exposure: 0.5, Contrast: 0.125, WhiteBalance: 5, Denoise: 6, Saturation: 0.25, Deblur: 1.5, Background: 7, Sharpen: 0.25},
			Variants{
				[]int{16},
				Color{0x11, 0x22, 0x33},
				&JPEGOptions{1, Full, false, false, false, false, 8},
				&WebPOptions{2, 0, Subsampled},
				&AVIFOptions{3, 9, Full, "psnr"},
			},
			Output{true, "public,max-age=60, stale-while-revalidate=600"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseRecipe(tt.file, []byte(tt.yaml))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("recipe (-want +got):\n%s", diff)
			}
		})
	}
}

// badRecipes are recipes with all that is wrong with them, as the parser says it.
var badRecipes = []struct {
	name string
	yaml string
	want []string
	// editor is false for what the JSON Schema cannot say.
	editor bool
}{
	{"an unknown field, nearly known", "variants:\n  jpeg:\n    qualty: 80\n", []string{
		`3: unknown field "qualty" in variants.jpeg; expected quality, chroma, progressive, trellis, deringing, optimize_scans or quant_table, did you mean quality?`,
	}, true},
	{"an unknown field, in the wrong place", "variants:\n  quality: 80\n  jpeg:\n", []string{
		`2: unknown field "quality" in variants; expected widths, background, jpeg, webp or avif, or in its place: variants.jpeg.quality, variants.webp.quality or variants.avif.quality`,
	}, true},
	{"an unknown field, nothing like it", "zebra: 1\nvariants: {jpeg: }\n", []string{
		`1: unknown field "zebra" in the recipe; expected name, limits, enhance, variants or output`,
	}, true},
	{"a field that is no name", "1: x\nvariants: {jpeg: }\n", []string{
		`1: 1 is no name of a field; expected name, limits, enhance, variants or output`,
	}, true},
	{"a field twice", "variants:\n  jpeg: {}\n  webp: {}\n  jpeg: {quality: 3}\n", []string{
		`4: variants.jpeg is here twice, first on line 2; keep one`,
	}, false},
	{"impossible numbers", "limits: {megapixels: 0, bands: 0, frames: 1.5}\nenhance:\n  sharpen: -0.1\nvariants: {jpeg: {quality: 101, quant_table: 010}}\n", []string{
		`1: limits.megapixels is 0; expected a number from 0.01 to 1000`,
		`1: limits.bands is 0; expected a whole number from 1 to 32`,
		`1: limits.frames is 1.5; expected a whole number from 1 to 100000`,
		`3: enhance.sharpen is -0.1; expected a number from 0 to 2`,
		`4: variants.jpeg.quality is 101; expected a whole number from 1 to 100`,
		`4: variants.jpeg.quant_table is 010; expected a whole number from 0 to 8`,
	}, true},
	{"no numbers", "limits: {megapixels: .nan}\nenhance: {sharpen: .inf}\nvariants: {jpeg: {quality: 80.0}}\n", []string{
		`1: limits.megapixels is .nan; expected a number from 0.01 to 1000`,
		`2: enhance.sharpen is .inf; expected a number from 0 to 2`,
		`3: variants.jpeg.quality is 80.0; expected a whole number from 1 to 100`,
	}, false},
	{"wrong types", "name: [a]\nlimits: 3\nvariants:\n  background: 3\n  jpeg: {quality: \"80\", progressive: yes}\n  webp: true\n  avif: [60]\n", []string{
		`1: name is a list; expected a text of 1 to 64 letters, digits or . _ -`,
		`2: limits is 3; expected a section with bytes, megapixels, bands or frames`,
		`4: variants.background is 3; expected a colour in quotes, such as "#ffffff"`,
		`5: variants.jpeg.quality is "80"; expected a whole number from 1 to 100`,
		`5: variants.jpeg.progressive is "yes"; expected true or false`,
		`6: variants.webp is true; expected a section with quality, effort or chroma`,
		`7: variants.avif is a list; expected a section with quality, effort, chroma or tune`,
	}, true},
	{"a word that is no choice", "variants:\n  avif: {tune: sssim, chroma: 420}\n", []string{
		`2: variants.avif.chroma is 420; expected auto, 4:2:0 or 4:4:4`,
		`2: variants.avif.tune is "sssim"; expected iq, ssim or psnr, did you mean ssim?`,
	}, true},
	{"what no cache understands", "variants: {jpeg: }\noutput: {cache_control: max-age=1h}\n", []string{
		`2: output.cache_control is "max-age=1h"; expected auto or directives such as max-age=3600, none twice`,
	}, true},
	{"a header beside the header", "variants: {jpeg: }\noutput: {cache_control: \"no-store\\r\\nset-cookie: a=b\"}\n", []string{
		`2: output.cache_control is "no-store\r\nset-cookie: a=b"; expected auto or directives such as max-age=3600, none twice`,
	}, true},
	{"a directive twice", "variants: {jpeg: }\noutput: {cache_control: \"max-age=1, max-age=2\"}\n", []string{
		`2: output.cache_control is "max-age=1, max-age=2"; expected auto or directives such as max-age=3600, none twice`,
	}, false},
	{"a colour without quotes", "variants:\n  background: #fff\n  jpeg:\n", []string{
		`2: variants.background is empty; expected a colour in quotes, such as "#ffffff"`,
	}, true},
	{"sizes", "limits:\n  bytes: 64 M\nvariants:\n  jpeg:\n", []string{
		`2: limits.bytes is "64 M"; expected a size from 1 KiB to 1 GiB, such as 64 MiB`,
	}, true},
	{"a plain size out of range", "limits:\n  bytes: 12\nvariants:\n  jpeg:\n", []string{
		`2: limits.bytes is 12; expected a size from 1 KiB to 1 GiB, such as 64 MiB`,
	}, true},
	{"a size with a unit out of range", "limits:\n  bytes: 5 GiB\nvariants:\n  jpeg:\n", []string{
		`2: limits.bytes is "5 GiB"; expected a size from 1 KiB to 1 GiB, such as 64 MiB`,
	}, false},
	{"no widths", "variants:\n  widths: []\n  jpeg:\n", []string{
		`2: variants.widths is an empty list; expected a list of 1 to 32 different whole numbers from 1 to 16383, such as [320, 640]`,
	}, true},
	{"one width", "variants:\n  widths: 320\n  jpeg:\n", []string{
		`2: variants.widths is 320; expected a list of 1 to 32 different whole numbers from 1 to 16383, such as [320, 640]`,
	}, true},
	{"bad widths", "variants:\n  widths:\n  - 320\n  - 320\n  - 0\n  - wide\n  - [1]\n  jpeg:\n", []string{
		`4: variants.widths has 320 twice; keep one`,
		`5: a width in variants.widths is 0; expected a whole number from 1 to 16383`,
		`6: a width in variants.widths is "wide"; expected a whole number from 1 to 16383`,
		`7: a width in variants.widths is a list; expected a whole number from 1 to 16383`,
	}, true},
	{"no format", "name: a\n\nvariants:\n  widths: [320]\n", []string{
		`4: no format in variants; expected jpeg, webp or avif, for instance "webp: {}" for WebP as in the built-in recipe`,
	}, true},
	{"no variants", "name: a\n", []string{
		`1: no format in variants; expected jpeg, webp or avif, for instance "webp: {}" for WebP as in the built-in recipe`,
	}, true},
	{"nothing", "# later\n", []string{
		`1: no format in variants; expected jpeg, webp or avif, for instance "webp: {}" for WebP as in the built-in recipe`,
	}, true},
	{"a list", "- a\n", []string{
		`1: the recipe is a list; expected a section with name, limits, enhance, variants or output`,
	}, true},
	{"a name for a path", "name: ../../etc\nvariants: {jpeg: }\n", []string{
		`1: name is "../../etc"; expected a text of 1 to 64 letters, digits or . _ -`,
	}, true},
	{"aliases", "limits: &a {bands: &b 3}\nenhance: *a\nvariants: {jpeg: !!map {}}\n", []string{
		`1: limits has an anchor, alias or tag, which recipes do without; expected a section with bytes, megapixels, bands or frames`,
		`2: enhance has an anchor, alias or tag, which recipes do without; expected a section with exposure, contrast, white_balance, denoise, saturation, deblur, background or sharpen`,
		`3: variants.jpeg has an anchor, alias or tag, which recipes do without; expected a section with quality, chroma, progressive, trellis, deringing, optimize_scans or quant_table`,
	}, false},
	{"a merge key", "<<: {}\nvariants: {jpeg: }\n", []string{
		`1: merge keys are not supported; write the fields out`,
	}, false},
	{"several documents", "variants: {jpeg: }\n---\nvariants: {webp: }\n", []string{
		`2: a second document starts; a recipe is one`,
	}, false},
	{"a document after the end", "variants: {jpeg: }\n...\nvariants: {webp: }\n", []string{
		`3: a second document starts; a recipe is one`,
	}, false},
	{"no YAML", "variants:\n  widths: [1, 2\n  jpeg: {}\n", []string{
		`3: ',' or ']' must be specified`,
	}, false},
}

func TestParseRecipeFaults(t *testing.T) {
	for _, tt := range badRecipes {
		t.Run(tt.name, func(t *testing.T) {
			r, err := ParseRecipe("shop.yaml", []byte(tt.yaml))
			if err == nil {
				t.Fatalf("parsed as %+v", r)
			}
			want := "shop.yaml:" + strings.Join(tt.want, "\nshop.yaml:")
			if diff := cmp.Diff(want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
	for name, data := range map[string]string{
		"too long":   strings.Repeat("#", MaxRecipe+1),
		"not text":   "variants: \xff",
		"zero bytes": "\x00\x00",
	} {
		if r, err := ParseRecipe("shop.yaml", []byte(data)); err == nil || !strings.HasPrefix(err.Error(), "shop.yaml") {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

func TestReadRecipe(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "shop.yaml")
	if err := os.WriteFile(file, []byte("variants: {webp: {}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := ReadRecipe(file); err != nil || r.Name != "shop" || r.Variants.WebP == nil {
		t.Errorf("read %+v, %v", r, err)
	}
	for _, bad := range []string{dir, filepath.Join(dir, "none.yaml")} {
		if _, err := ReadRecipe(bad); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestBuiltin(t *testing.T) {
	for _, name := range BuiltinNames() {
		r, ok := Builtin(name)
		if !ok || r.Name != name {
			t.Fatalf("%s: %+v, %v", name, r, ok)
		}
		if got, err := ParseRecipe("x.yaml", r.YAML()); err != nil || cmp.Diff(r, got) != "" {
			t.Errorf("%s written out: %v\n%s", name, err, cmp.Diff(r, got))
		}
		r.Variants.Widths[0], r.Variants.JPEG.Quality = -1, -1
		if again, _ := Builtin(name); again.Variants.Widths[0] == -1 || again.Variants.JPEG.Quality == -1 {
			t.Errorf("%s: a caller's change reaches the next", name)
		}
	}
	if _, ok := Builtin("none"); ok {
		t.Error("a recipe called none")
	}
	r, err := ParseRecipe("x.yaml", []byte("variants: {jpeg: {}}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Variants.Widths[0] = -1
	if catalogue().Variants.Widths[0] == -1 {
		t.Error("a parsed recipe shares its widths with the defaults")
	}
}

// Whatever parses is written to the same recipe; whatever does not says where it is wrong.
func FuzzParseRecipe(f *testing.F) {
	f.Add(string(catalogue().YAML()))
	for _, bad := range badRecipes {
		f.Add(bad.yaml)
	}
	f.Fuzz(func(t *testing.T, data string) {
		if len(data) > 2048 { // the parser's time is not what is tested
			return
		}
		r, err := ParseRecipe("x.yaml", []byte(data))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "x.yaml") {
				t.Errorf("error without a place: %v", err)
			}
			return
		}
		again, err := ParseRecipe("x.yaml", r.YAML())
		if err != nil || cmp.Diff(r, again) != "" {
			t.Errorf("%v\n%s", err, cmp.Diff(r, again))
		}
	})
}
