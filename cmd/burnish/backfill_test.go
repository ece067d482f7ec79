package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// backfillJSON runs a backfill between folders and returns its figures.
func backfillJSON(t *testing.T, status int, args ...string) summary {
	t.Helper()
	return closing(t, program(t, append([]string{"backfill", "--json"}, args...)...), status)
}

func TestBackfillFolders(t *testing.T) {
	src, dst, recipe := manyPhotos(t, 30)
	cut := sample(t, "apple.jpg")
	writeFile(t, filepath.Join(src, "bad.jpg"), cut[:len(cut)/2])
	writeFile(t, filepath.Join(src, "shoes", "red.jpg"), cut)
	list := writeFile(t, filepath.Join(t.TempDir(), "keys.csv"), "key,why\n003.jpg,seen\nshoes/red.jpg,seen\nnowhere.jpg,seen\n003.jpg,again\n")
	all := []string{src, dst, "--recipe", recipe}
	with := func(flags ...string) []string { return slices.Concat(all, flags) }

	if s := backfillJSON(t, 0, with("--keys", list)...); s.Done != 2 {
		t.Errorf("a list of keys: %+v", s)
	}
	if s := backfillJSON(t, 0, with("--glob", "00?.jpg", "--limit", "4")...); s.Done != 4 {
		t.Errorf("a pattern and a limit: %+v", s)
	}
	a := backfillJSON(t, 0, with("--sample", "30%", "--glob", "0*")...)
	b := backfillJSON(t, 0, with("--sample", "30%", "--glob", "0*")...)
	if b.Done != 0 || b.Fresh == 0 || b.Fresh < a.Done {
		t.Errorf("the same sample twice: %+v, then %+v", a, b)
	}
	if s := backfillJSON(t, exitFailures, all...); s.failures() != 1 || s.Done+s.Fresh != 31 {
		t.Errorf("everything: %+v", s)
	}
	if s := runJSON(t, exitFailures, all...); s.Done != 0 || s.Fresh != 31 {
		t.Errorf("a run after the backfill: %+v", s)
	}
}

func TestBackfillRefuses(t *testing.T) {
	src, dst, _ := manyPhotos(t, 1)
	for says, flags := range map[string][]string{
		"0.1%":                       {"--sample", "0.1"},
		"2026-11-30":                 {"--since", "yesterday"},
		"800KB":                      {"--min-size", "big"},
		"without its end":            {"--glob", "a["},
		"was updated":                {"--since", "2026-11-30", "--before", "2026-11-29"},
		"one of the reasons":         {"--stop-at", "ugly=5%"},
		"5%":                         {"--stop-at", "5"},
		"--stop-after":               {"--stop-after", "0"},
		"--limit":                    {"--limit", "-1"},
		"--keys":                     {"--keys", "nowhere.csv"},
		"--window":                   {"--window", "-1"},
		"--rate":                     {"--rate", "0"},
		"--patience":                 {"--patience", "5s"},
		"a fleet writes to a bucket": {"--project", "p"},
	} {
		got := finish(t, program(t, append([]string{"backfill", src, dst}, flags...)...))
		if got.status != exitUsage || !strings.Contains(got.stderr, says) {
			t.Errorf("%q: %+v, want %q", flags, got, says)
		}
	}
	if _, err := os.Stat(dst); err == nil {
		t.Error("the destination was made for nothing")
	}
	bad := writeFile(t, filepath.Join(t.TempDir(), "keys.csv"), "in,photo\nout,photo\n")
	got := finish(t, program(t, "backfill", src, dst, "--keys", bad))
	if got.status != exitFailures || !strings.Contains(got.stderr, "header line") {
		t.Errorf("a list that is none: %+v", got)
	}
	got = finish(t, program(t, "pause", dst))
	if got.status != exitUsage || !strings.Contains(got.stderr, "interrupt that") {
		t.Errorf("pause of a folder: %+v", got)
	}
}
