package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestPrune lets one of twenty photos go and another lose a width.
func TestPrune(t *testing.T) {
	dir := t.TempDir()
	src, dst := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	recipe := writeFile(t, filepath.Join(dir, "quick.yaml"), quick)
	photo := sample(t, "apple.jpg")
	for i := range 20 {
		writeFile(t, filepath.Join(src, fmt.Sprintf("shoes/%02d.jpg", i)), photo)
	}
	s := runJSON(t, 0, src, dst, "--recipe", recipe)
	prune := func(status int, says string, args ...string) {
		t.Helper()
		got := burnish(t, append([]string{"prune", src, dst}, args...)...)
		if got.status != status || !strings.Contains(got.stdout+got.stderr, says) {
			t.Errorf("prune %q: %+v; want status %d and %q", args, got, status, says)
		}
	}
	files := func() (n int) {
		t.Helper()
		err := filepath.WalkDir(dst, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && !strings.Contains(path, "/burnish/") {
				n++
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	all := files()
	prune(0, "to go  0 photos", "--yes")

	if err := os.Remove(filepath.Join(src, "shoes/07.jpg")); err != nil {
		t.Fatal(err)
	}
	stray := writeFile(t, filepath.Join(dst, "variants/shoes/08.jpg/9999.jpg"), photo)
	prune(0, "source gone  1 photos")
	if old := time.Now().Add(-48 * time.Hour); os.Chtimes(stray, old, old) != nil {
		t.Fatal("chtimes")
	}
	prune(0, "not in the manifest  1 photos  1 objects")
	prune(exitFailures, "refused: 1 of 20 manifests", "--yes", "--max-share", "4%")
	prune(exitUsage, "expected a share", "--max-share", "4")
	prune(exitUsage, "--older-than", "--older-than", "1m")
	if n := files(); n != all+1 {
		t.Errorf("%d files, want %d: nothing was to be deleted yet", n, all+1)
	}
	prune(0, "deleted 1 manifests", "--yes")
	perPhoto := 1
	for _, f := range s.Formats {
		perPhoto += f.Variants / 20
	}
	if n := files(); n != all-perPhoto {
		t.Errorf("%d files, want %d", n, all-perPhoto)
	}
	prune(0, "to go  0 photos", "--yes")
	if again := runJSON(t, 0, src, dst, "--recipe", recipe); again.Fresh != 19 || again.Done != 0 {
		t.Errorf("after pruning: %+v", again)
	}

	if err := os.Rename(src, src+".away"); err != nil {
		t.Fatal(err)
	}
	prune(exitNotStarted, "no folder", "--yes")
	if err := os.Mkdir(src, 0o755); err != nil {
		t.Fatal(err)
	}
	prune(exitFailures, "is the source the right one, and complete?", "--yes")
	if n := files(); n != all-perPhoto {
		t.Errorf("%d files after the source was empty, want %d", n, all-perPhoto)
	}
}
