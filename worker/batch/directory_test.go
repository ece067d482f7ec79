package batch_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"burnish/worker/batch"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

func open(t *testing.T, name string, opts ...store.DirectoryOption) *store.Directory {
	t.Helper()
	d, err := store.OpenDirectory(name, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// TestDirectories reconciles folders, whose own order is not that of names as bytes.
func TestDirectories(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	keys := []string{"a!", "a.jpg", "a/b", "a0", "b\n", "b\xff", "c/d/e", "c/d.e", "é", "日本/語"}
	for _, k := range keys {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(from, k)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(from, k), []byte(k), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("nowhere", filepath.Join(from, "a-link")); err != nil {
		t.Fatal(err)
	}
	src, dst := open(t, from), open(t, to, store.Writable())
	b := start(t, dst, asked)

	states := func() map[string]batch.PhotoState {
		m := make(map[string]batch.PhotoState)
		for _, d := range decisions(t, batch.Reconcile(t.Context(), src, dst, current, batch.Options{})) {
			m[string(d.Key)] = d.State
			if d.State != batch.Missing || d.Key == "a-link" {
				continue
			}
			_, err := dst.Write(t.Context(), "manifests/"+string(d.Key), nil, store.WriteOptions{Metadata: origin(d.Generation, current)})
			if err != nil {
				t.Fatal(err)
			}
		}
		return m
	}
	want := make(map[string]batch.PhotoState)
	for _, k := range append(slices.Clone(keys), "a-link") {
		want[k] = batch.Missing
	}
	if d := gocmp.Diff(want, states()); d != "" {
		t.Errorf("at first (-want +got):\n%s", d)
	}
	for _, k := range keys {
		want[k] = batch.Fresh
	}
	want["a/b"], want["a!"] = batch.Orphan, batch.Stale
	if err := os.RemoveAll(filepath.Join(from, "a")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(from, "a!"), []byte("of another length"), 0o644); err != nil {
		t.Fatal(err)
	}
	if d := gocmp.Diff(want, states()); d != "" {
		t.Errorf("then (-want +got):\n%s", d)
	}

	outcomeIn(t, dst, b.ID)
	next := start(t, dst, asked)
	dead := load(t, dst, b.ID)
	if dead.State != batch.Interrupted || dead.Totals.Done != 1 || load(t, dst, next.ID).State != batch.Running {
		t.Errorf("after the next run's start the first is %+v", dead)
	}
}

func outcomeIn(t *testing.T, st store.Store, id string) {
	t.Helper()
	w, err := ledger.NewWriter(st, id, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	o := ledger.Outcome{Key: "b\xff", Status: ledger.Done, Ended: time.Now()}
	if err := w.Record(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}
