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

// fixture is the path of a copy of a test picture, with the metadata that exiftool's arguments
// say.
func fixture(t *testing.T, name string, args ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if len(args) > 0 {
		exiftool(t, append([]string{"-q", "-m", "-overwrite_original"}, append(args, path)...)...)
	}
	return path
}

// shown is what exiftool reads from a file by group and name, without what describes the file
// and the coding.
func shown(t *testing.T, path string) map[string]any {
	t.Helper()
	var files []map[string]any
	if err := json.Unmarshal(exiftool(t, "-j", "-a", "-struct", "-G1", path), &files); err != nil {
		t.Fatal(err)
	}
	tags := map[string]any{}
	for name, value := range files[0] {
		group, _, _ := strings.Cut(name, ":")
		switch group {
		case "SourceFile", "ExifTool", "System", "File", "Composite", "JFIF", "RIFF", "Adobe":
		default:
			tags[name] = value
		}
	}
	return tags
}

// shownPacket is what exiftool reads from a packet of Rights.
func shownPacket(t *testing.T, packet []byte) map[string]any {
	t.Helper()
	path := filepath.Join(t.TempDir(), "packet.xmp")
	if err := os.WriteFile(path, packet, 0o600); err != nil {
		t.Fatal(err)
	}
	return shown(t, path)
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

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
