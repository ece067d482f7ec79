//go:build emulator

package main

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"burnish/queue"
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

// program returns any verb with the addresses of this fleet's services.
func (f *fleet) program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := program(t, args...)
	cmd.Env = append(cmd.Env, "PUBSUB_EMULATOR_HOST="+f.pubsub, "STORAGE_EMULATOR_HOST="+f.storage)
	return cmd
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

// kill ends a process as a dead machine does, and lets its lease lapse at once.
func (f *fleet) kill(t *testing.T, p *process) {
	t.Helper()
	_ = p.Process.Kill()
	<-p.ended
	if err := f.dest.Delete(t.Context(), "burnish/backfill.lease", store.Any); err != nil {
		t.Fatal(err)
	}
}

// testBackfill kills a backfill three times, lets it come to its end, mends the photos that were
// broken, and has the fleet do them again.
func testBackfill(t *testing.T, f *fleet) {
	const photos, broken = 300, 30
	good := sample(t, "apple.jpg")
	for i := range photos {
		content := good
		if i%(photos/broken) == 0 {
			content = good[:len(good)/2]
		}
		f.upload(fmt.Sprintf("photos/%03d.jpg", i), content)
	}
	f.setup(t, "--no-notify")
	f.recorder(t)
	f.worker(t)
	for n := range 3 {
		p := start(t, f.backfill(t, "--window", "40"))
		at := int64(60 * (n + 1))
		waitFor(t, func() bool {
			all := f.records(t)
			return len(all) > 0 && all[0].Totals.Done+all[0].Totals.Failed >= at
		})
		f.kill(t, p)
	}
	s := closing(t, f.backfill(t), exitFailures)
	if s.failures() != broken {
		t.Errorf("%d failures at the end, want %d", s.failures(), broken)
	}
	all := f.records(t)
	if len(all) != 1 || all[0].State != batch.Finished || all[0].Totals.Seen != photos {
		t.Errorf("the record of the batch, which was killed thrice: %+v", all)
	}
	if m := f.manifests(t); len(m) != photos-broken {
		t.Errorf("%d photos are published", len(m))
	}
	for i := 0; i < photos; i += photos / broken {
		f.upload(fmt.Sprintf("photos/%03d.jpg", i), good)
	}
	again := []string{"rerun", "gs://" + f.out(), all[0].ID[10:], "--project", project, "--name", f.name, "--recipe", f.recipe, "--json"}
	if s := closing(t, f.program(t, again...), 0); s.Done != broken {
		t.Errorf("after they are mended: %+v", s)
	}
	var old batchStatus
	decode(t, finish(t, f.program(t, "status", "gs://"+f.out(), all[0].ID, "--json")), &old)
	if len(old.Standing.Broken) != 0 || len(old.Standing.Repairs) != 1 || old.Standing.Repairs[0].Lane != queue.Rerun {
		t.Errorf("the batch that was repaired: %+v", old.Standing)
	}
	if s := closing(t, f.backfill(t), 0); s.Done != 0 || s.Fresh != photos {
		t.Errorf("when nothing is left: %+v", s)
	}
	if all := f.records(t); len(all) != 3 || all[0].Totals.Published != 0 {
		t.Errorf("the newest of %d batches published %d", len(all), all[0].Totals.Published)
	}
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
