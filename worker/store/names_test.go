package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestNamesAreCompact(t *testing.T) {
	const n, length = 1_000_000, 29
	var ns names
	for i := range n {
		ns.add(fmt.Sprintf("product-%07d-front.jpg-%03d", i*7919%n, i%1000), i%10 == 0)
	}
	held := cap(ns.at) * 8
	for _, b := range ns.blocks {
		held += cap(b)
	}
	if each := held / n; each > length+12 {
		t.Errorf("%d bytes for a name of %d", each, length)
	}
	count, folders, last := 0, 0, ""
	for name := range ns.sorted() {
		if name <= last {
			t.Fatalf("%q after %q", name, last)
		}
		base, folder := strings.CutSuffix(name, "/")
		if len(base) != length {
			t.Fatalf("%q is not what was added", name)
		}
		if folder {
			folders++
		}
		last = name
		count++
	}
	if count != n || folders != n/10 {
		t.Errorf("%d names, %d of them folders; want %d and %d", count, folders, n, n/10)
	}
}

func TestNamesKeepAllBytes(t *testing.T) {
	var ns names
	want := []string{"\x01", "\n", "a!", "a/", "a0", strings.Repeat("n", 255) + "/", strings.Repeat("z", 1020) + "/", "\xff\xfe"}
	for _, name := range slices.Backward(want) {
		base, folder := strings.CutSuffix(name, "/")
		ns.add(base, folder)
	}
	if got := slices.Collect(ns.sorted()); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFault(t *testing.T) {
	for _, test := range []struct {
		err, want error
	}{
		{syscall.ENOENT, ErrNotExist},
		{syscall.EACCES, ErrDenied},
		{syscall.EPERM, ErrDenied},
		{syscall.EROFS, ErrDenied},
		{syscall.ENOSPC, ErrFull},
		{syscall.EDQUOT, ErrFull},
		{syscall.ENAMETOOLONG, ErrName},
		{syscall.ENOTDIR, ErrName},
		{syscall.EISDIR, ErrName},
		{syscall.EIO, syscall.EIO},
		{ErrLink, ErrLink},
	} {
		for _, err := range []error{
			test.err,
			&fs.PathError{Op: "openat", Path: "relative", Err: test.err},
			&os.LinkError{Op: "renameat", Old: "relative", New: "relative", Err: test.err},
		} {
			got := fault("/dst/a b", err)
			if !errors.Is(got, test.want) {
				t.Errorf("%v became %v, want %v", err, got, test.want)
			}
			if s := got.Error(); !strings.HasPrefix(s, "/dst/a b: ") || strings.Contains(s, "relative") {
				t.Errorf("message %q", s)
			}
		}
	}
}

func TestShow(t *testing.T) {
	for path, want := range map[string]string{
		"/a b/é.jpg":    "/a b/é.jpg",
		"":              `""`,
		"/a\nb":         `"/a\nb"`,
		"/a\x1b[31m":    `"/a\x1b[31m"`,
		"/caf\xe9":      `"/caf\xe9"`,
		`/says "hello"`: `"/says \"hello\""`,
	} {
		if got := show(path); got != want {
			t.Errorf("%q: got %s, want %s", path, got, want)
		}
	}
}

func TestTickNeverRepeats(t *testing.T) {
	var d Directory
	last := d.tick()
	for range 10_000 {
		next := d.tick()
		if !next.After(last) {
			t.Fatalf("%v after %v", next, last)
		}
		last = next
	}
}

// TestPartsAreSyncedFirst looks at what is still to be synced, before and after a write that
// is no part.
func TestPartsAreSyncedFirst(t *testing.T) {
	d, err := OpenDirectory(t.TempDir(), Writable())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	pending := func() (folders []string) {
		for f := range d.dirt.folders {
			folders = append(folders, f)
		}
		slices.Sort(folders)
		return folders
	}
	for _, name := range []string{"variants/a/1", "variants/a/2"} {
		if _, err := d.Write(t.Context(), name, nil, WriteOptions{Part: true}); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := pending(), []string{".", "variants", "variants/a"}; !slices.Equal(got, want) {
		t.Errorf("to be synced after the parts: %q, want %q", got, want)
	}
	if _, err := d.Write(t.Context(), "variants/a/1", nil, WriteOptions{}); !errors.Is(err, ErrCondition) {
		t.Fatal(err)
	}
	if len(pending()) != 3 {
		t.Errorf("a write that failed forgot what is to be synced: %q", pending())
	}
	if _, err := d.Write(t.Context(), "manifests/a", nil, WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := pending(); len(got) > 0 {
		t.Errorf("to be synced after the manifest: %q", got)
	}
}
