//go:build unix

package store_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"burnish/worker/store"
)

func link(t *testing.T, target string, parts ...string) {
	t.Helper()
	if err := os.Symlink(target, filepath.Join(parts...)); err != nil {
		t.Fatal(err)
	}
}

func TestLinks(t *testing.T) {
	outside, src := t.TempDir(), t.TempDir()
	writeFile(t, outside, "secret")
	writeFile(t, src, "photo")
	writeFile(t, src, "folder", "photo")
	for name, target := range map[string]string{
		"to-file":        "folder/photo",
		"to-link":        "to-file",
		"to-absolute":    filepath.Join(src, "folder", "photo"),
		"to-outside":     filepath.Join(outside, "secret"),
		"to-above":       "../" + filepath.Base(outside) + "/secret",
		"to-nothing":     "nothing",
		"to-itself":      "to-itself",
		"to-folder":      "folder",
		"to-folder-out":  outside,
		"to-device":      "/dev/null",
		"folder/to-up":   "../photo",
		"folder/to-root": "..",
	} {
		link(t, target, src, name)
	}
	d := openDirectory(t, src)
	all := names(t, d)
	want := []string{
		"folder/photo", "folder/to-root", "folder/to-up", "photo", "to-above", "to-absolute", "to-device", "to-file",
		"to-folder", "to-folder-out", "to-itself", "to-link", "to-nothing", "to-outside",
	}
	if !slices.Equal(all, want) {
		t.Errorf("listed %q, want %q", all, want)
	}
	for _, name := range append(all, "to-folder-out/secret") {
		data, a, err := d.Read(t.Context(), name, store.ReadOptions{Limit: 100})
		switch name {
		case "photo", "folder/photo", "to-file", "to-link", "to-absolute", "folder/to-up":
			if err != nil || string(data) != "bytes of photo" || a.Name != name {
				t.Errorf("%s: %q, %+v, %v", name, data, a, err)
			}
		default:
			if !errors.Is(err, store.ErrLink) || !strings.Contains(err.Error(), name) {
				t.Errorf("%s: %q, %v; want %v", name, data, err, store.ErrLink)
			}
			if _, err := d.Stat(t.Context(), name); !errors.Is(err, store.ErrLink) {
				t.Errorf("stat %s: %v; want %v", name, err, store.ErrLink)
			}
		}
	}
}

// A link that is listed has the generation that reading it by needs.
func TestLinkGeneration(t *testing.T) {
	src := t.TempDir()
	writeFile(t, src, "photo")
	link(t, "photo", src, "link")
	d := openDirectory(t, src)
	for a := range d.List(t.Context(), store.Range{}) {
		if _, _, err := d.Read(t.Context(), a.Name, store.ReadOptions{Generation: a.Generation, Limit: 100}); err != nil {
			t.Errorf("%s: %v", a.Name, err)
		}
	}
}

func TestWritesDoNotFollowLinks(t *testing.T) {
	outside, dst := t.TempDir(), t.TempDir()
	writeFile(t, outside, "secret")
	link(t, filepath.Join(outside, "secret"), dst, "object")
	link(t, outside, dst, "folder")
	d := openDirectory(t, dst, store.Writable())
	if _, err := d.Write(t.Context(), "object", nil, store.WriteOptions{}); !errors.Is(err, store.ErrCondition) {
		t.Errorf("create where a link is: %v", err)
	}
	if _, err := d.Write(t.Context(), "object", []byte("new"), store.WriteOptions{If: store.Any}); err != nil {
		t.Errorf("replace a link: %v", err)
	}
	for _, name := range []string{"folder/secret", "folder/new"} {
		_, err := d.Write(t.Context(), name, []byte("new"), store.WriteOptions{If: store.Any})
		if !errors.Is(err, store.ErrLink) {
			t.Errorf("write %s through a link: %v", name, err)
		}
		if err := d.Delete(t.Context(), name, store.Any); err == nil && name == "folder/secret" {
			t.Error("deleted through a link")
		}
	}
	data, err := os.ReadFile(filepath.Join(outside, "secret"))
	if err != nil || string(data) != "bytes of secret" {
		t.Errorf("what the links lead to became %q, %v", data, err)
	}
	if _, err := os.Lstat(filepath.Join(outside, "new")); err == nil {
		t.Error("a file was made outside")
	}
}

// A pipe without a writer would hang whoever opens it.
func TestNoFiles(t *testing.T) {
	src := t.TempDir()
	writeFile(t, src, "photo")
	if err := syscall.Mkfifo(filepath.Join(src, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	link(t, "pipe", src, "to-pipe")
	t.Chdir(src) // the path of a socket must be short
	l, err := net.Listen("unix", "socket")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d := openDirectory(t, src)
	if got, want := names(t, d), []string{"photo", "to-pipe"}; !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
	for name, kind := range map[string]string{"pipe": "named pipe", "to-pipe": "named pipe", "socket": "socket"} {
		_, _, err := d.Read(t.Context(), name, store.ReadOptions{Limit: 100})
		if !errors.Is(err, store.ErrNotExist) || !strings.Contains(err.Error(), kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
