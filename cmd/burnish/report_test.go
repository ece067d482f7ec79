package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/parquet-go/parquet-go"

	"burnish/queue"
)

// TestReport compares both files of a run with what is in the source.
func TestReport(t *testing.T) {
	dir := t.TempDir()
	src, dst := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	recipe := writeFile(t, filepath.Join(dir, "quick.yaml"), quick)
	whole := sample(t, "fruits.jpg")
	want := []string{"=good.jpg done ", "bad \xff.jpg failed truncated", "notes.txt skipped not_a_photo"}
	writeFile(t, filepath.Join(src, "=good.jpg"), whole)
	writeFile(t, filepath.Join(src, "bad \xff.jpg"), whole[:len(whole)/2])
	writeFile(t, filepath.Join(src, "notes.txt"), "hello")
	run := runJSON(t, exitFailures, src, dst, "--recipe", recipe)

	asCSV, asParquet := filepath.Join(dir, "r.csv"), filepath.Join(dir, "r.parquet")
	got := burnish(t, "report", dst, "--csv", asCSV, "--parquet", asParquet)
	if got.status != 0 || !strings.Contains(got.stdout, "truncated    1") {
		t.Errorf("report: %+v", got)
	}
	same := func(what string, rows []string) {
		t.Helper()
		if d := cmp.Diff(want, rows, cmpopts.SortSlices(func(a, b string) bool { return a < b })); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}
	same("CSV", csvRows(t, asCSV))
	same("Parquet", parquetRows(t, asParquet))

	want = want[1:2]
	cmd := program(t, "report", dst, run.Batch, "--failed")
	cmd.Dir = dir
	if got := finish(t, cmd); got.status != 0 {
		t.Errorf("report --failed: %+v", got)
	}
	same("CSV of failures", csvRows(t, filepath.Join(dir, run.Batch+".csv")))
	same("Parquet of failures", parquetRows(t, filepath.Join(dir, run.Batch+".parquet")))

	segment, err := filepath.Glob(filepath.Join(dst, "burnish/batches", run.Batch, "ledger/*.parquet"))
	if err != nil || len(segment) != 1 {
		t.Fatalf("%q, %v", segment, err)
	}
	writeFile(t, segment[0], "damaged")
	never := filepath.Join(dir, "never.csv")
	if got := burnish(t, "report", dst, "--csv", never); got.status == 0 || !strings.Contains(got.stderr, "no report is written") {
		t.Errorf("report of a damaged ledger: %+v", got)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*never*"))
	if hidden, _ := filepath.Glob(filepath.Join(dir, ".burnish*")); err != nil || len(left)+len(hidden) != 0 {
		t.Errorf("left behind: %q %q %v", left, hidden, err)
	}
}

func exactly(t *testing.T, text string) string {
	t.Helper()
	var key queue.Key
	if err := key.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return string(key)
}

func csvRows(t *testing.T, path string) (rows []string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all[1:] {
		rows = append(rows, exactly(t, r[1])+" "+r[4]+" "+r[5])
	}
	return rows
}

func parquetRows(t *testing.T, path string) (rows []string) {
	t.Helper()
	type outcome struct {
		Key    string `parquet:"key"`
		Status string `parquet:"status"`
		Reason string `parquet:"reason,optional"`
	}
	all, err := parquet.ReadFile[outcome](path)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		rows = append(rows, exactly(t, r.Key)+" "+r.Status+" "+r.Reason)
	}
	return rows
}
