//go:build emulator

package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fsouza/fake-gcs-server/fakestorage"

	"burnish/queue"
	"burnish/worker"
	"burnish/worker/batch"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

// backfill returns `burnish backfill` of this fleet, not yet started.
func (f *fleet) backfill(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	return f.program(t, append([]string{
		"backfill", "gs://" + f.in() + "/photos", "gs://" + f.out(),
		"--project", project, "--name", f.name, "--recipe", f.recipe, "--json",
	}, args...)...)
}

// records reads those of all batches, the newest first.
func (f *fleet) records(t *testing.T) (all []*batch.Batch) {
	t.Helper()
	for b, err := range batch.List(t.Context(), f.dest) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
	}
	return all
}

// testMany has a fleet do the whole catalogue.
func testMany(t *testing.T, f *fleet) {
	f.plain = true
	f.setup(t, "--no-notify")
	f.recorder(t)
	f.worker(t)
	catalogue{
		src: "gs://" + f.in() + "/photos", dst: "gs://" + f.out(), dest: f.dest,
		put:     func(key, content string) { f.upload("photos/"+key, content) },
		program: f.program,
		recipe:  writeFile(t, filepath.Join(t.TempDir(), "tiny.yaml"), tiny), // which is not the worker's
		flags:   []string{"--project", project, "--name", f.name, "--window", "400"},
		manifests: func() int {
			list, err := f.server.ListObjectsWithOptionsPaginated(f.out(), fakestorage.ListOptions{Prefix: worker.ManifestPrefix})
			if err != nil {
				t.Error(err)
			}
			return len(list.Objects)
		},
		// A dead machine's lease is waited for, which takes a minute.
		died: func() {
			if err := f.dest.Delete(t.Context(), "burnish/backfill.lease", store.Any); err != nil {
				t.Error(err)
			}
		},
	}.test(t)
}

// testControl pauses, moves, resumes and cancels a batch from other processes. There is no
// worker until the end, so that its jobs wait.
func testControl(t *testing.T, f *fleet) {
	for i := range 100 {
		f.upload(fmt.Sprintf("photos/%03d.jpg", i), sample(t, "apple.jpg"))
	}
	f.setup(t, "--no-notify")
	f.recorder(t)
	p := start(t, f.backfill(t, "--window", "30"))
	state := func() (b batch.Batch) {
		if all := f.records(t); len(all) > 0 {
			b = *all[0]
		}
		return b
	}
	waitFor(t, func() bool { return state().Totals.Published == 30 })
	order := func(status int, says string, args ...string) {
		t.Helper()
		got := finish(t, f.program(t, args...))
		if got.status != status || !strings.Contains(got.stdout+got.stderr, says) {
			t.Errorf("%q: %+v, want exit status %d and %q", args, got, status, says)
		}
	}
	dst := "gs://" + f.out()
	if got := finish(t, f.backfill(t, "--window", "30")); got.status != exitNotStarted || !strings.Contains(got.stderr, "holds") {
		t.Errorf("a second backfill beside the first: %+v", got)
	}
	order(0, "is paused", "pause", dst)
	waitFor(t, func() bool { return strings.Contains(p.said.String(), "is paused, by ") })
	order(exitFailures, "is paused already", "pause", dst)
	order(0, "on lane rerun", "priority", "rerun", dst)
	order(0, "is running", "resume", dst, state().ID[:20])
	waitFor(t, func() bool { return strings.Contains(p.said.String(), "goes on") })
	order(exitUsage, "no such batch", "pause", dst, "20200101T000000Z-none")
	order(0, "is cancelled", "cancel", dst)
	select {
	case <-p.ended:
	case <-time.After(15 * time.Second):
		t.Error("15 s after it was cancelled the backfill is at work")
	}
	if got := p.ProcessState.ExitCode(); got != exitFailures {
		t.Errorf("exit status %d of a cancelled backfill", got)
	}
	order(exitFailures, "no batch", "resume", dst)

	// What was published ends without being done.
	f.worker(t)
	waitFor(t, func() bool {
		sum, err := ledger.Summarize(t.Context(), f.dest, state().ID)
		return err == nil && sum.Skipped["cancelled"] == 30
	})
	if m := f.manifests(t); len(m) != 0 {
		t.Errorf("%d photos of a cancelled batch are published", len(m))
	}
	if b := state(); b.State != batch.Cancelled || b.Lane != queue.Rerun {
		t.Errorf("the record says %+v", b)
	}
}
