package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestProbe(t *testing.T) {
	for _, tt := range []struct {
		name string
		opts []DirectoryOption
	}{
		{"to read", []DirectoryOption{Foreign()}},
		{"to write", []DirectoryOption{Writable()}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "folder")
			if err := os.Mkdir(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			d, err := OpenDirectory(dir, tt.opts...)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if err := d.Probe(t.Context()); err != nil {
				t.Errorf("of a folder that is as it was opened: %v", err)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, tempDir, "*")); len(left) > 0 {
				t.Errorf("it has left %v", left)
			}
			if err := os.Rename(dir, dir+".away"); err != nil {
				t.Fatal(err)
			}
			if err := d.Probe(t.Context()); !errors.Is(err, ErrNotExist) {
				t.Errorf("of a folder that is gone: %v", err)
			}
			if err := os.Mkdir(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			if err := d.Probe(t.Context()); !errors.Is(err, ErrUnavailable) {
				t.Errorf("of another folder in its place: %v", err)
			}
		})
	}
}

// TestProbeUnwritable takes away where files are written first, which stops root too.
func TestProbeUnwritable(t *testing.T) {
	d, err := OpenDirectory(t.TempDir(), Writable())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.root.Remove(tempDir); err != nil {
		t.Fatal(err)
	}
	if err := d.Probe(t.Context()); err == nil {
		t.Error("nothing can be written, and it does not say so")
	}
}
