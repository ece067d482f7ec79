//go:build emulator

package main

import (
	"os/exec"
	"testing"

	"burnish/imaging"
	"burnish/queue"
)

// testReadOnly runs a worker and a recorder where no file system can be written to, as the
// manifests in scripts/deploy have it.
func testReadOnly(t *testing.T, f *fleet) {
	f.setup(t)
	f.upload("photos/a.jpg", sample(t, "apple.jpg"))
	f.upload("photos/b.jpg", "no photo")
	w := start(t, readOnly(t, f.verb(t, "worker", "--recipe", f.recipe, "--jobs", "2")))
	r := start(t, readOnly(t, f.verb(t, "recorder", "--every", "1s")))
	f.ask(t, queue.Backfill, "b1", "a.jpg")
	f.waitForOutcomes(t, map[job]imaging.Reason{
		{"upload", "a.jpg"}: "",
		{"upload", "b.jpg"}: imaging.Truncated,
		{"b1", "a.jpg"}:     "",
	})
	w.stop(t)
	r.stop(t)
}

// readOnly has a command run with every file system mounted read-only.
func readOnly(t *testing.T, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	const script = `mount -o remount,bind,ro /
		for m in /tmp /var/tmp /run /dev/shm; do ! mountpoint -q $m || mount -o remount,bind,ro $m; done
		for m in / /tmp /var/tmp /run /dev/shm; do ! touch $m/burnish-probe 2>/dev/null || exit 9; done`
	if out, err := exec.Command("unshare", "-rm", "sh", "-ec", script).CombinedOutput(); err != nil {
		t.Skipf("this machine lets no test mount: %v\n%s", err, out)
	}
	wrapped := exec.Command("unshare", append([]string{"-rm", "sh", "-ec", script + "\n" + `exec "$@"`, "sh"}, cmd.Args...)...)
	wrapped.Env = cmd.Env
	return wrapped
}
