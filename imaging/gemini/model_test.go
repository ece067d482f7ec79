package gemini

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"burnish/imaging"
)

func TestBuiltinModel(t *testing.T) {
	m := BuiltinModel()
	// 1K is listed at 0.0336 dollars, half of it in batch.
	if usd := m.Cost(Usage{OutputImage: m.Sizes["1K"].Tokens}, false); math.Abs(usd-0.0336) > 1e-9 {
		t.Errorf("a 1K picture costs %v", usd)
	}
	if usd := m.Cost(Usage{OutputImage: m.Sizes["1K"].Tokens}, true); math.Abs(usd-0.0168) > 1e-9 {
		t.Errorf("a 1K picture costs %v in batch", usd)
	}
	if usd := m.Estimate("1K", 400, false); usd < 0.034 || usd > 0.037 {
		t.Errorf("an edit is estimated at %v", usd)
	}
}

func TestNearest(t *testing.T) {
	m := BuiltinModel()
	for want, size := range map[string][2]int{"1:1": {500, 510}, "4:5": {800, 1000}, "2:3": {667, 1000}, "21:9": {2400, 1000}, "8:1": {9000, 100}, "1:8": {0, 0}} {
		if want == "1:8" {
			size = [2]int{1, 5000}
		}
		if got := m.Nearest(size[0], size[1]); got != want {
			t.Errorf("%v: %s, want %s", size, got, want)
		}
	}
}

func TestModelFilesAreChecked(t *testing.T) {
	if _, err := parseModel("m.yaml", BuiltinYAML()); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, from, to, want string }{
		{"a price that is forgotten", "output_image: 30.00", "", "output_image is missing"},
		{"a price that is not a number", "output_image: 30.00", "output_image: .nan", "output_image is missing or wrong"},
		{"a misspelt field", "batch_price", "batchprice", "batchprice"},
		{"a model that is a path", "gemini-nano-banana-2.1", "../x", "model is missing or wrong"},
		{"no day", "2026-11-27", "lately", "as_of"},
		{"a ratio", `"4:5"`, `"4/5"`, `aspect_ratios "4/5"`},
		{"a size without tokens", "{side: 1024, tokens: 1120}", "{side: 1024}", "sizes.1K.tokens"},
		{"a huge side", "side: 4096", "side: 40960", "sizes.4K.side"},
		{"a batch price above the price", "batch_price: 0.5", "batch_price: 5", "batch_price"},
		{"no requests", "requests_per_minute: 60", "requests_per_minute: 0", "requests_per_minute"},
	} {
		data := strings.Replace(string(BuiltinYAML()), tt.from, tt.to, 1)
		if _, err := parseModel("m.yaml", []byte(data)); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "m.yaml:") {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	path := filepath.Join(t.TempDir(), "next.yaml")
	next := strings.Replace(string(BuiltinYAML()), "gemini-nano-banana-2.1", "gemini-nano-banana-3", 1)
	if err := os.WriteFile(path, []byte(next), 0o600); err != nil {
		t.Fatal(err)
	}
	if m, err := ReadModel(path); err != nil || m.ID != "gemini-nano-banana-3" {
		t.Errorf("read %q, %v", m.ID, err)
	}
}

// TestHash: no two requests that differ share an answer.
func TestHash(t *testing.T) {
	m := BuiltinModel()
	base := Request{Prompt: "ab", Photo: []byte("cd"), Format: imaging.JPEG, Size: "1K", Aspect: "1:1"}
	seen := map[string]string{m.Hash(base): "itself"}
	for name, r := range map[string]Request{
		"prompt": {Prompt: "abc", Photo: []byte("d"), Format: imaging.JPEG, Size: "1K", Aspect: "1:1"},
		"photo":  {Prompt: "ab", Photo: []byte("ce"), Format: imaging.JPEG, Size: "1K", Aspect: "1:1"},
		"format": {Prompt: "ab", Photo: []byte("cd"), Format: imaging.PNG, Size: "1K", Aspect: "1:1"},
		"size":   {Prompt: "ab", Photo: []byte("cd"), Format: imaging.JPEG, Size: "2K", Aspect: "1:1"},
		"aspect": {Prompt: "ab", Photo: []byte("cd"), Format: imaging.JPEG, Size: "1K", Aspect: "4:5"},
		"seed":   {Prompt: "ab", Photo: []byte("cd"), Format: imaging.JPEG, Size: "1K", Aspect: "1:1", Seed: 1},
	} {
		if other, ok := seen[m.Hash(r)]; ok {
			t.Errorf("another %s has the hash of %s", name, other)
		}
		seen[m.Hash(r)] = name
	}
	next := m
	next.ID = "another"
	if _, ok := seen[next.Hash(base)]; ok {
		t.Error("another model has the same hash")
	}
}
