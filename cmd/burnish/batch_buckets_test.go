package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"burnish/worker/store"
)

// TestBatchesInBuckets takes one batch through every verb that looks at one.
func TestBatchesInBuckets(t *testing.T) {
	b := newBuckets(t, "in", "out")
	const src, dst = "gs://in/photos", "gs://out/made"
	dir := t.TempDir()
	recipe := writeFile(t, filepath.Join(dir, "quick.yaml"), quick)
	put := b.putter(t, src)
	for i := range 12 {
		put(fmt.Sprintf("%02d.jpg", i), sample(t, "apple.jpg"))
	}
	put("=cut.jpg", sample(t, "orange.jpg")[:3000])
	s := runJSON(t, exitFailures, src, dst, "--recipe", recipe)
	end := s.Batch[len(s.Batch)-6:]

	says := func(status int, want string, args ...string) {
		t.Helper()
		cmd := program(t, args...)
		cmd.Dir = dir
		got := finish(t, cmd)
		if got.status != status || !strings.Contains(strings.Join(strings.Fields(got.stdout+got.stderr), " "), want) {
			t.Errorf("%q: %+v; want status %d and %q", args, got, status, want)
		}
	}
	says(0, "truncated 1 for instance =cut.jpg", "status", dst, end)
	says(0, `\x3dcut.jpg`, "failures", dst, end, "--csv")
	says(0, "no failures", "failures", dst, end, "--reason", "timeout")
	says(0, "done 12", "report", dst, end, "--csv", "r.csv")
	if rows := csvRows(t, filepath.Join(dir, "r.csv")); len(rows) != 13 {
		t.Errorf("%d rows in the report", len(rows))
	}

	if err := b.open(t, src).Delete(t.Context(), "03.jpg", store.Any); err != nil {
		t.Fatal(err)
	}
	says(0, "source gone 1 photos 5 objects", "prune", src, dst)
	says(0, "deleted 1 manifests and 4 variants", "prune", src, dst, "--yes")
	says(exitFailures, "refused: 11 of 11 manifests", "prune", "gs://in/nothing", dst, "--yes")
	manifests, variants := publishedIn(t, b.open(t, dst))
	if len(manifests) != 11 || len(variants) != 44 {
		t.Errorf("%d manifests and %d variants are left", len(manifests), len(variants))
	}
}
