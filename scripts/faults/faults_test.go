//go:build emulator && unix

package main

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"burnish/scripts/faults/check"
)

// TestFaults is a short run, so that the harness keeps working. What it finds is real all the
// same: -seed draws the same faults again.
func TestFaults(t *testing.T) {
	t.Chdir("../..") // where `make faults` runs
	bin, err := filepath.Abs("bin")
	if err != nil {
		t.Fatal(err)
	}
	imager := filepath.Join(t.TempDir(), "faults-imager")
	build := exec.Command("scripts/libvips", "go", "build", "-ldflags", "-r "+bin, "-o", imager, "./scripts/faults/imager")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	o := options{
		seed: uint64(time.Now().UnixNano()) % 1e9, photos: 40, kills: 25, workers: 3,
		life: time.Second, lease: 10 * time.Second, attempts: 100, longest: 30 * time.Second, settle: 3 * time.Second,
		bin: bin, imager: imager,
	}
	e, err := o.gather(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s\n%s", o.replay(), report(e))
	for _, v := range check.Violations(e) {
		t.Errorf("%s: %s", v.Rule, v.What)
	}
	if e.Faults.Workers == 0 || e.Faults.Recorders == 0 || e.Good() == 0 || len(e.Published) == 0 {
		t.Errorf("too little has happened: %+v, %d photos to be published", e.Faults, e.Good())
	}
}
