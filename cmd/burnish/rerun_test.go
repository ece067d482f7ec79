package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"burnish/imaging"
	"burnish/worker/batch"
	"burnish/worker/store"
)

// TestRerun mends what has failed in a folder, a part at a time.
func TestRerun(t *testing.T) {
	dir := t.TempDir()
	src, dst := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	recipe := writeFile(t, filepath.Join(dir, "quick.yaml"), quick)
	whole := sample(t, "apple.jpg")
	put := func(key, content string) { writeFile(t, filepath.Join(src, key), content) }
	for i := range 5 {
		put(fmt.Sprintf("good%d.jpg", i), whole)
	}
	for _, key := range []string{"shoes/mended.jpg", "shoes/cut.jpg", "hats/mended.jpg", "hats/gone.jpg"} {
		put(key, whole[:len(whole)/2])
	}
	put("page.jpg", "<!DOCTYPE html><title>404</title>")
	old := runJSON(t, exitFailures, src, dst, "--recipe", recipe)
	put("shoes/mended.jpg", whole)
	put("hats/mended.jpg", whole)
	if err := os.Remove(filepath.Join(src, "hats/gone.jpg")); err != nil {
		t.Fatal(err)
	}

	rerun := func(status int, says string, args ...string) {
		t.Helper()
		got := burnish(t, append([]string{"rerun", dst, old.Batch}, args...)...)
		if got.status != status || !strings.Contains(strings.Join(strings.Fields(got.stdout+got.stderr), " "), says) {
			t.Errorf("rerun %q: %+v; want status %d and %q", args, got, status, says)
		}
	}
	// stands is what the old batch is told to lack.
	stands := func(broken map[imaging.Reason]int64, repairs int) (last *batch.Batch) {
		t.Helper()
		var s batchStatus
		decode(t, burnish(t, "status", dst, old.Batch, "--json"), &s)
		if d := cmp.Diff(broken, s.Standing.Broken); d != "" || len(s.Standing.Repairs) != repairs || s.Standing.Waiting+s.Standing.Dropped != 0 {
			t.Errorf("the old batch has %d repairs, want %d; %+v; broken (-want +got):\n%s", len(s.Standing.Repairs), repairs, s.Standing, d)
		}
		if repairs == 0 {
			return nil
		}
		return s.Standing.Repairs[repairs-1]
	}
	type n = map[imaging.Reason]int64
	stands(n{imaging.Truncated: 4, imaging.Unsupported: 1}, 0)
	rerun(exitUsage, "give the file of the recipe")
	rerun(0, "3 truncated 3 left out 1 gone from the source", "--dry-run", "--reason", "truncated", "--recipe", recipe)
	stands(n{imaging.Truncated: 4, imaging.Unsupported: 1}, 0)

	rerun(exitFailures, " 2 truncated 2", "--reason", "truncated", "--prefix", "shoes/", "--recipe", recipe)
	b := stands(n{imaging.Truncated: 3, imaging.Unsupported: 1}, 1)
	if b == nil || b.Repairs != old.Batch || b.Kind != batch.Rerun || b.State != batch.Finished || b.Expected != 2 {
		t.Fatalf("the repair is %+v", b)
	}
	put("shoes/cut.jpg", whole)
	put("page.jpg", whole)
	rerun(0, " 3 truncated 2 unsupported 1", "--recipe", recipe)
	stands(n{imaging.Truncated: 1}, 2) // which is gone
	rerun(0, " 0 left out 1 gone from the source", "--recipe", recipe)
	if list := burnish(t, "failures", dst, old.Batch); !strings.Contains(list.stdout, "hats/gone.jpg") || !strings.Contains(list.stdout, "truncated: 1") {
		t.Errorf("failures: %+v", list)
	}
	if got := burnish(t, "status", dst, old.Batch); !strings.Contains(got.stdout, "still broken") || !strings.Contains(got.stdout, "repaired by") {
		t.Errorf("status: %+v", got)
	}
	if got := burnish(t, "status", dst); !strings.Contains(got.stdout, "repairs batch "+old.Batch) {
		t.Errorf("status of the repair: %+v", got)
	}
	d, err := store.OpenDirectory(dst)
	if err != nil {
		t.Fatal(err)
	}
	if manifests, _ := publishedIn(t, d); len(manifests) != 9 {
		t.Errorf("%d photos are published, want 9", len(manifests))
	}
}

// decode reads what a verb has printed as JSON.
func decode(t *testing.T, got ended, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(got.stdout), into); err != nil {
		t.Fatalf("%v in %+v", err, got)
	}
}
