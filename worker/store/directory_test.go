package store_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"burnish/worker/store"
	"burnish/worker/store/storetest"
)

func openDirectory(t *testing.T, path string, opts ...store.DirectoryOption) *store.Directory {
	t.Helper()
	d, err := store.OpenDirectory(path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return d
}

func TestDirectory(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store {
		return openDirectory(t, t.TempDir(), store.Writable())
	})
}

func writeFile(t *testing.T, parts ...string) {
	t.Helper()
	path := filepath.Join(parts...)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("bytes of "+filepath.Base(path)), 0o644); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, s store.Store) []string {
	t.Helper()
	var got []string
	for a, err := range s.List(t.Context(), store.Range{}) {
		if err != nil {
			t.Fatalf("list: %v", err)
		}
		if a.Generation <= 0 {
			t.Errorf("%q is listed with generation %d", a.Name, a.Generation)
		}
		got = append(got, a.Name)
	}
	return got
}

var awkward = []string{
	" ",
	" leading and trailing ",
	"-rf",
	"..hidden/...",
	"\t\n\r",
	"a\nb/c\nd.jpg",
	"caf\xe9/\xff\xfe.jpg",
	strings.Repeat("n", 255),
	strings.Repeat("f", 255) + "/" + strings.Repeat("é", 127) + ".",
	strings.Repeat("deep/", 300) + "end",
	"~\x7f",
}

func TestAwkwardNames(t *testing.T) {
	dir := t.TempDir()
	d := openDirectory(t, dir, store.Writable())
	for _, name := range awkward {
		if _, err := d.Write(t.Context(), name, []byte(name), store.WriteOptions{}); err != nil {
			t.Errorf("write: %v", err)
		}
	}
	want := slices.Sorted(slices.Values(awkward))
	if got := names(t, d); !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
	reader := openDirectory(t, dir)
	for _, name := range awkward {
		if data, _, err := reader.Read(t.Context(), name, store.ReadOptions{Limit: 5000}); err != nil || string(data) != name {
			t.Errorf("read %q: %q, %v", name, data, err)
		}
		if err := d.Delete(t.Context(), name, store.Any); err != nil {
			t.Errorf("delete %q: %v", name, err)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 || left[0].Name() != "burnish" {
		t.Errorf("deleting left %v, %v", left, err)
	}
}

func TestNamesInEachOthersWay(t *testing.T) {
	d := openDirectory(t, t.TempDir(), store.Writable())
	for _, name := range []string{"a", "b/c/d"} {
		if _, err := d.Write(t.Context(), name, nil, store.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"a/b", "a/b/c", "b/c", "b", strings.Repeat("n", 256), "burnish/lock", "burnish/tmp/1", "burnish/tmp"} {
		for _, cond := range []store.Condition{store.Any, store.Absent} {
			_, err := d.Write(t.Context(), name, nil, store.WriteOptions{If: cond})
			if !errors.Is(err, store.ErrName) || !strings.Contains(err.Error(), name) {
				t.Errorf("write %s under %d: %v, want %v", name, cond, err, store.ErrName)
			}
		}
	}
	if got, want := names(t, d), []string{"a", "b/c/d"}; !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
}

// A change that keeps the size and hides in the modification time is still seen.
func TestGenerationOfOthersFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "photo")
	writeFile(t, path)
	d := openDirectory(t, dir, store.Foreign())
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int64]bool{}
	for i, change := range []func() error{
		func() error { return nil },
		func() error { return os.WriteFile(path, []byte("BYTES of photo"), 0o644) },
		func() error { return os.WriteFile(path+"2", []byte("bytes OF photo"), 0o644) },
		func() error { return os.Rename(path+"2", path) },
		func() error { return os.WriteFile(path, nil, 0o644) },
	} {
		time.Sleep(20 * time.Millisecond) // longer than a tick of any Linux
		if err := errors.Join(change(), os.Chtimes(path, info.ModTime(), info.ModTime())); err != nil {
			t.Fatal(err)
		}
		if i == 2 {
			continue
		}
		a, err := d.Stat(t.Context(), "photo")
		if err != nil || seen[a.Generation] {
			t.Errorf("after change %d: %+v, %v", i, a, err)
		}
		seen[a.Generation] = true
	}
}

func TestFilesThatVanish(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "c/d", "c/e", "f/g/h", "i"} {
		writeFile(t, dir, name)
	}
	d := openDirectory(t, dir)
	var got []string
	for a, err := range d.List(t.Context(), store.Range{}) {
		if err != nil {
			t.Fatal(err)
		}
		switch got = append(got, a.Name); a.Name {
		case "a":
			os.Remove(filepath.Join(dir, "b"))
		case "c/d":
			os.RemoveAll(filepath.Join(dir, "c"))
			os.RemoveAll(filepath.Join(dir, "f"))
			os.WriteFile(filepath.Join(dir, "f"), nil, 0o644)
		}
	}
	if want := []string{"a", "c/d", "i"}; !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
}

func TestExclude(t *testing.T) {
	src := t.TempDir()
	for _, name := range []string{"a", "out/manifests/a", "out", "outer", "p/q/r", "p/q!"} {
		if name != "out" {
			writeFile(t, src, name)
		}
	}
	d := openDirectory(t, src, store.Exclude("out", "./p/q/"))
	if got, want := names(t, d), []string{"a", "outer", "p/q!"}; !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
	for a, err := range d.List(t.Context(), store.Range{Prefix: "out/manifests/"}) {
		t.Errorf("listed %+v, %v", a, err)
	}
	if _, _, err := d.Read(t.Context(), "out/manifests/a", store.ReadOptions{Limit: 100}); !errors.Is(err, store.ErrNotExist) {
		t.Errorf("read what is left out: %v", err)
	}
	if _, err := store.OpenDirectory(src, store.Exclude("../x")); !errors.Is(err, store.ErrName) {
		t.Errorf("leave out what is outside: %v", err)
	}
}

func TestReadOnly(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "a")
	d := openDirectory(t, dir)
	_, err := d.Write(t.Context(), "b", nil, store.WriteOptions{})
	if !errors.Is(err, store.ErrDenied) {
		t.Errorf("write: %v", err)
	}
	if err := d.Delete(t.Context(), "a", store.Any); !errors.Is(err, store.ErrDenied) {
		t.Errorf("delete: %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("reading left traces: %v, %v", entries, err)
	}
}

func TestOpenRefused(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "file")
	for _, test := range []struct {
		path, says string
		opts       []store.DirectoryOption
	}{
		{filepath.Join(dir, "nothing"), "no such folder", nil},
		{filepath.Join(dir, "file"), "not a folder", nil},
		{filepath.Join(dir, "file"), "not a folder", []store.DirectoryOption{store.Writable()}},
		{filepath.Join(dir, "file", "below"), "not a directory", []store.DirectoryOption{store.Writable()}},
	} {
		d, err := store.OpenDirectory(test.path, test.opts...)
		if err == nil {
			d.Close()
			t.Errorf("%s was opened", test.path)
		} else if !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), test.path) {
			t.Errorf("%s: message %q", test.path, err)
		}
	}
}

func TestOneWriter(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "for it")
	first, err := store.OpenDirectory(dir, store.Writable())
	if err != nil {
		t.Fatal(err)
	}
	if second, err := store.OpenDirectory(dir, store.Writable()); !errors.Is(err, store.ErrBusy) || !strings.Contains(err.Error(), "process") {
		t.Errorf("a second writer: %v, %v", second, err)
	}
	reader := openDirectory(t, dir)
	if reader.Abandoned() {
		t.Error("abandoned while it is written to")
	}
	if _, err := first.Write(t.Context(), "a", nil, store.WriteOptions{}); err != nil {
		t.Errorf("write after the second was refused: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	if !reader.Abandoned() {
		t.Error("not abandoned after its writer")
	}
	openDirectory(t, dir, store.Writable())
}

// Metadata is a help: without it, or with somebody else's in its place, all goes on.
func TestMetadataOfOthers(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "a")
	d := openDirectory(t, dir)
	for a, err := range d.List(t.Context(), store.Range{}) {
		if err != nil || a.Metadata != nil {
			t.Errorf("%+v, %v", a, err)
		}
	}
}

// An extended attribute survives an edit of the bytes that it was written for.
func TestMetadataOfAnEditedFile(t *testing.T) {
	for name, edit := range map[string]func(path string) error{
		"cut short":      func(path string) error { return os.Truncate(path, 3) },
		"cut, same time": func(path string) error { return keepingTime(path, func() error { return os.Truncate(path, 3) }) },
		"written over":   func(path string) error { return os.WriteFile(path, []byte("BYTES"), 0o644) },
		"touched":        func(path string) error { return os.Chtimes(path, time.Now(), time.Unix(1e9, 0)) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			d := openDirectory(t, dir, store.Writable())
			given := map[string]string{"generation": "7"}
			if _, err := d.Write(t.Context(), "a", []byte("bytes"), store.WriteOptions{Metadata: given}); err != nil {
				t.Fatal(err)
			}
			expectMetadata(t, d, "a", given)
			if err := os.Chmod(filepath.Join(dir, "a"), 0o600); err != nil {
				t.Fatal(err)
			}
			expectMetadata(t, d, "a", given) // which no chmod changes
			if err := edit(filepath.Join(dir, "a")); err != nil {
				t.Fatal(err)
			}
			expectMetadata(t, d, "a", nil)
		})
	}
}

func keepingTime(path string, edit func() error) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return errors.Join(edit(), os.Chtimes(path, info.ModTime(), info.ModTime()))
}

// expectMetadata asks by all ways that there are.
func expectMetadata(t *testing.T, d *store.Directory, name string, want map[string]string) {
	t.Helper()
	_, read, err := d.Read(t.Context(), name, store.ReadOptions{Limit: 100})
	stat, statErr := d.Stat(t.Context(), name)
	got := map[string]store.Attrs{"read": read, "stat": stat}
	for a, listErr := range d.List(t.Context(), store.Range{Prefix: name}) {
		got["list"], err = a, errors.Join(err, listErr)
	}
	if err := errors.Join(err, statErr); err != nil || len(got) != 3 {
		t.Fatalf("%v, %v", got, err)
	}
	for way, a := range got {
		if !maps.Equal(a.Metadata, want) {
			t.Errorf("%s: %v, want %v", way, a.Metadata, want)
		}
	}
}

func TestDestinationsAmongPhotos(t *testing.T) {
	src := t.TempDir()
	for _, name := range []string{
		"a", "web/a", "web/burnish/lock", "web/manifests/a", "web/variants/a/1.jpg",
		"deep/er/burnish/lock", "deep/er/manifests/a", "deep/er/variants/a", "deep/photo",
		"lock only/burnish/lock", "manifests only/manifests/a", "unlike/burnish/lock/a", "unlike/manifests/a",
		"burnish/lock", "manifests/a", // of the folder itself
	} {
		writeFile(t, src, name)
	}
	d := openDirectory(t, src, store.Foreign())
	want := []string{
		"a", "burnish/lock", "deep/photo", "lock only/burnish/lock", "manifests only/manifests/a", "manifests/a",
		"unlike/burnish/lock/a", "unlike/manifests/a",
	}
	if got := names(t, d); !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
	for _, prefix := range []string{"web/", "web/variants/", "deep/er/variants/"} {
		for a, err := range d.List(t.Context(), store.Range{Prefix: prefix}) {
			t.Errorf("listed below %s: %+v, %v", prefix, a, err)
		}
	}
	for _, name := range []string{"web/a", "web/variants/a/1.jpg", "deep/er/variants/a"} {
		if _, err := d.Stat(t.Context(), name); !errors.Is(err, store.ErrNotExist) {
			t.Errorf("stat %s: %v", name, err)
		}
		if _, _, err := d.Read(t.Context(), name, store.ReadOptions{Limit: 100}); !errors.Is(err, store.ErrNotExist) {
			t.Errorf("read %s: %v", name, err)
		}
		if _, err := openDirectory(t, src).Stat(t.Context(), name); err != nil {
			t.Errorf("among files of ours: %v", err)
		}
	}
}
