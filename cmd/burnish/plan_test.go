package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"burnish/worker/batch"
)

// planJSON runs `burnish plan --json` and returns the plan.
func planJSON(t *testing.T, args ...string) *batch.Plan {
	t.Helper()
	got := burnish(t, append([]string{"plan", "--json"}, args...)...)
	p, err := batch.ParsePlan([]byte(got.stdout))
	if err != nil || got.status != 0 {
		t.Fatalf("exit status %d, %v\n%s%s", got.status, err, got.stdout, got.stderr)
	}
	return p
}

func TestPlanThenBackfill(t *testing.T) {
	src, dst, recipe := manyPhotos(t, 12)
	cut := sample(t, "apple.jpg")
	writeFile(t, filepath.Join(src, "bad.jpg"), cut[:len(cut)/2])
	dir := t.TempDir()
	page, kept := filepath.Join(dir, "sheet.html"), filepath.Join(dir, "plan.json")
	all := []string{src, dst, "--recipe", recipe}

	p := planJSON(t, append(all, "--sheet", page, "--save", kept, "--cores", "4")...)
	if f := p.Found; f.Missing != 13 || f.Photos != 13 || f.Fresh != 0 || p.Sample != 13 || p.Estimate.Cores != 4 {
		t.Errorf("planned %+v", p)
	}
	if e := p.Estimate; e.Done.Expected != 12 || e.Writes.Low != e.Writes.High || e.CPUHours.Expected <= 0 {
		t.Errorf("estimated %+v", e)
	}
	html, err := os.ReadFile(page)
	if err != nil || strings.Count(string(html), "<article>") != 13 || !strings.Contains(string(html), "truncated") {
		t.Errorf("the contact sheet has %d photos, %v", strings.Count(string(html), "<article>"), err)
	}
	if _, err := os.Stat(dst); !os.IsNotExist(err) {
		t.Errorf("a plan has made the destination: %v", err)
	}

	if got := burnish(t, append([]string{"backfill", "--plan", kept, "--limit", "3"}, all...)...); got.status != exitUsage ||
		!strings.Contains(got.stderr, "other photos") {
		t.Errorf("a plan for other photos: %d %s", got.status, got.stderr)
	}
	backfillJSON(t, exitFailures, append(all, "--plan", kept)...)
	got := burnish(t, "status", dst, "--json")
	var s batchStatus
	if err := json.Unmarshal([]byte(got.stdout), &s); err != nil {
		t.Fatal(err, got.stderr)
	}
	if len(s.Planned) != 6 {
		t.Fatalf("planned against actual: %+v", s.Planned)
	}
	for _, c := range s.Planned {
		if c.Error == nil || (c.What != "CPU" && c.What != "cost" && *c.Error != 0) {
			t.Errorf("everything was in the sample, but %+v", c)
		}
	}
	if got := burnish(t, "status", dst); !strings.Contains(got.stdout, "the plan was off by") {
		t.Errorf("status says\n%s", got.stdout)
	}
	if again := planJSON(t, append(all, "--sheet", "", "--photos", "1")...); again.Found.Fresh != 12 || again.Found.Photos != 1 {
		t.Errorf("planned afterwards %+v", again.Found)
	}
}

func TestPlanRefuses(t *testing.T) {
	src, dst, _ := manyPhotos(t, 1)
	broken := writeFile(t, filepath.Join(t.TempDir(), "plan.json"), "{}")
	for says, args := range map[string][]string{
		"--photos":            {"plan", src, dst, "--photos", "0"},
		"--cores":             {"plan", src, dst, "--cores", "-1"},
		"same folder":         {"plan", src, src},
		"vcpu_hour":           {"plan", src, dst, "--prices", writeFile(t, filepath.Join(t.TempDir(), "p.yaml"), "as_of: x\nsource: y\n")},
		"burnish plan --save": {"backfill", src, dst, "--plan", broken},
		"no such file":        {"backfill", src, dst, "--plan", "nowhere.json"},
		"there is no folder":  {"plan", "nowhere", dst},
		"expected a day":      {"plan", src, dst, "--since", "yesterday"},
		"no built-in recipe":  {"plan", src, dst, "--recipe", "other"},
	} {
		got := burnish(t, args...)
		if got.status != exitUsage && got.status != exitNotStarted || !strings.Contains(got.stderr, says) {
			t.Errorf("%v: exit status %d, says %q, want %q", args, got.status, got.stderr, says)
		}
	}
}
