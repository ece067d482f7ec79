package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestStatus looks at two runs in every way.
func TestStatus(t *testing.T) {
	dir := t.TempDir()
	src, dst := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	recipe := writeFile(t, filepath.Join(dir, "quick.yaml"), quick)
	whole := sample(t, "fruits.jpg")
	writeFile(t, filepath.Join(src, "good.jpg"), whole)
	first := runJSON(t, 0, src, dst, "--recipe", recipe)
	writeFile(t, filepath.Join(src, "cut.jpg"), whole[:len(whole)/2])
	second := runJSON(t, exitFailures, src, dst, "--recipe", recipe)

	dear := writeFile(t, filepath.Join(dir, "prices.yaml"),
		"as_of: today\nsource: here\nvcpu_hour: 0\nclass_a_1000: 1000000\nclass_b_1000: 0\nstorage_gb_month: 0\n")
	secret := first.Batch[strings.LastIndexByte(first.Batch, '-')+1:]
	cases := []struct {
		name string
		args []string
		says []string
	}{
		{"newest", nil, []string{second.Batch + ": finished", "truncated  1  for instance cut.jpg", "before it:", first.Batch}},
		{"latest", []string{"latest"}, []string{second.Batch + ": finished"}},
		{"by its end", []string{secret}, []string{first.Batch + ": finished", "1 outcomes", "saved", "cost so far"}},
		{"prices", []string{first.Batch, "--prices", dear}, []string{"prices of today", "$"}},
		{"watched, no terminal", []string{"--watch"}, []string{second.Batch + ": 1 outcomes", "1 failed"}},
		{"watched, JSON", []string{"--watch", "--json"}, []string{`"id":"` + second.Batch + `"`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := burnish(t, append([]string{"status", dst}, c.args...)...)
			for _, s := range c.says {
				if !strings.Contains(got.stdout, s) {
					t.Errorf("does not say %q: %+v", s, got)
				}
			}
			if got.status != 0 {
				t.Errorf("exit status %d: %s", got.status, got.stderr)
			}
		})
	}
	var s batchStatus
	got := burnish(t, "status", dst, first.Batch, "--json", "--prices", dear)
	if err := json.Unmarshal([]byte(got.stdout), &s); err != nil {
		t.Fatal(err)
	}
	written := 0
	for _, f := range first.Formats {
		written += f.Variants
	}
	if want := float64(1000 * (written + 1)); s.Cost.Total != want || s.Saved <= 0 {
		t.Errorf("cost %+v, want %v in all; saved %d", s.Cost, want, s.Saved)
	}
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{dst, "20"}, exitUsage, "several batches"},
		{[]string{dst, "nosuch"}, exitUsage, "no such batch"},
		{[]string{src}, exitFailures, "nothing has been run"},
		{[]string{dst, "--prices", recipe}, exitUsage, "prices"},
	} {
		if got := burnish(t, append([]string{"status"}, c.args...)...); got.status != c.status || !strings.Contains(got.stderr, c.says) {
			t.Errorf("status %q: %+v", c.args, got)
		}
	}
	builtin := burnish(t, "prices")
	if err := os.WriteFile(dear, []byte(builtin.stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := burnish(t, "status", dst, "--prices", dear); got.status != 0 {
		t.Errorf("the prices that are printed are not read: %+v", got)
	}
}
