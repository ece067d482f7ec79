package main

import (
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"burnish/imaging/gemini/guard"
)

// painted writes a sample with the colours of its lower half moved on by a number of levels.
func painted(t *testing.T, by uint8) string {
	t.Helper()
	m, err := readPicture("../../testdata/photos/coffee.png")
	if err != nil {
		t.Fatal(err)
	}
	out := image.NewRGBA(m.Bounds())
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			c := color.RGBAModel.Convert(m.At(x, y)).(color.RGBA)
			if y > m.Bounds().Dy()/2 {
				c.G = max(c.G, by) - by
			}
			out.SetRGBA(x, y, c)
		}
	}
	name := filepath.Join(t.TempDir(), "edited.png")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, out); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestCompare(t *testing.T) {
	const coffee = "../../testdata/photos/coffee.png"
	restored := filepath.Join(t.TempDir(), "restored.png")
	for name, c := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"the same":      {[]string{coffee, painted(t, 0), "-o", restored}, 0, "\nfaithful\n"},
		"other colours": {[]string{coffee, painted(t, 60)}, 1, "recolored"},
		"no picture":    {[]string{coffee, "compare_test.go"}, 3, "neither JPEG nor PNG nor WebP"},
		"missing":       {[]string{coffee, "nowhere.png"}, 3, "nowhere.png"},
	} {
		t.Run(name, func(t *testing.T) {
			e := burnish(t, append([]string{"compare"}, c.args...)...)
			if e.status != c.status || !strings.Contains(e.stdout+e.stderr, c.says) {
				t.Errorf("status %d, want %d and %q:\n%s%s", e.status, c.status, c.says, e.stdout, e.stderr)
			}
		})
	}
	if _, err := readPicture(restored); err != nil {
		t.Error(err)
	}
	e := burnish(t, "compare", "--json", coffee, coffee)
	var r guard.Report
	if err := json.Unmarshal([]byte(e.stdout), &r); err != nil || !r.Faithful() || r.Scores.Structure < 0.99 {
		t.Errorf("%v, %+v", err, r)
	}
}
