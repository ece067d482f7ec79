package metadata

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// writes collects what one run of exiftool shall write: it takes ten times longer to start than
// to work.
type writes struct{ args []string }

// fixture is the path of a copy of a test picture, which flush gives the metadata that the
// arguments say.
func (w *writes) fixture(t *testing.T, name string, args ...string) string {
	t.Helper()
	path := saved(t, name, read(t, filepath.Join("testdata", name)))
	if len(args) > 0 {
		w.args = append(append(append(w.args, args...), path), "-execute")
	}
	return path
}

func (w *writes) flush(t *testing.T) {
	t.Helper()
	args := append(w.args, "-common_args", "-q", "-q", "-m", "-overwrite_original")
	if out := exiftool(t, args...); len(out) > 0 {
		t.Fatalf("exiftool: %s", out)
	}
}

// shown is what exiftool reads from files by group and name, in their order, without what
// describes the file and the coding.
func shown(t *testing.T, paths ...string) []map[string]any {
	t.Helper()
	var files []map[string]any
	if err := json.Unmarshal(exiftool(t, append([]string{"-j", "-a", "-struct", "-G1"}, paths...)...), &files); err != nil {
		t.Fatal(err)
	}
	if len(files) != len(paths) {
		t.Fatalf("exiftool shows %d of %d files", len(files), len(paths))
	}
	for _, tags := range files {
		for name := range tags {
			group, _, _ := strings.Cut(name, ":")
			switch group {
			case "SourceFile", "ExifTool", "System", "File", "Composite", "JFIF", "RIFF", "Adobe", "APP14":
				delete(tags, name)
			}
		}
	}
	return files
}

func exiftool(t *testing.T, args ...string) []byte {
	t.Helper()
	out, err := exec.Command("exiftool", args...).Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		t.Fatalf("exiftool %q: %v\n%s", args, err, exit.Stderr)
	} else if err != nil {
		t.Fatalf("%v; the tests need exiftool (Debian: libimage-exiftool-perl)", err)
	}
	return out
}

// saved is the path of a new file.
func saved(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
