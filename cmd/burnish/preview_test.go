package main

import (
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPreview(t *testing.T) {
	dir := t.TempDir()
	recipe := writeFile(t, filepath.Join(dir, "quick.yaml"), quick)
	good := writeFile(t, filepath.Join(dir, "<b>apple\n.jpg"), sample(t, "apple.jpg"))
	cut := writeFile(t, filepath.Join(dir, "cut.jpg"), sample(t, "orange.jpg")[:3000])
	page, picture := filepath.Join(dir, "sheet.html"), filepath.Join(dir, "sheet.PNG")

	if got := burnish(t, "preview", "--recipe", recipe, good, "-o", page); got.status != 0 || got.stdout != page+"\n" {
		t.Errorf("exit status %d: %s%s", got.status, got.stdout, got.stderr)
	}
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`&lt;b&gt;apple`, "jpeg, 512 × 512", "48 × 48", "data:image/jpeg;base64,", "adjustments none"} {
		if !strings.Contains(string(html), want) {
			t.Errorf("the sheet does not say %q", want)
		}
	}

	got := burnish(t, "preview", "--recipe", recipe, good, cut, filepath.Join(dir, "nowhere.jpg"), dir, "-o", picture)
	if got.status != exitFailures || !strings.Contains(got.stderr, "photos failed: 3") {
		t.Errorf("exit status %d: %s", got.status, got.stderr)
	}
	file, err := os.Open(picture)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := png.Decode(file); err != nil {
		t.Error(err)
	}
}

func TestPreviewRefuses(t *testing.T) {
	apple := writeFile(t, filepath.Join(t.TempDir(), "apple.jpg"), sample(t, "apple.jpg"))
	for says, args := range map[string][]string{
		".html or .png":     {"preview", apple, "-o", "sheet.pdf"},
		"at most 200":       append([]string{"preview"}, strings.Split(strings.Repeat(apple+"\n", 201), "\n")[:201]...),
		"no built-in":       {"preview", apple, "--recipe", "other"},
		"expected at least": {"preview", apple, "--deadline", "1ms"},
	} {
		if got := burnish(t, args...); got.status != exitUsage || !strings.Contains(got.stderr, says) {
			t.Errorf("%.80q: exit status %d, says %q, want %q", args, got.status, got.stderr, says)
		}
	}
	nowhere := filepath.Join(t.TempDir(), "no", "sheet.html")
	if got := burnish(t, "preview", apple, "-o", nowhere); got.status != exitFailures || !strings.Contains(got.stderr, "-o: ") {
		t.Errorf("exit status %d: %s", got.status, got.stderr)
	}
}
