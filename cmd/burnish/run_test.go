package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"burnish/imaging"
	"burnish/queue"
)

func TestRunTheSamplePhotos(t *testing.T) {
	dst := filepath.Join(t.TempDir(), "out")
	s := closing(t, raced(t, "run", "--json", "../../testdata/photos", dst), 0)
	if s.Done != 13 || s.Skipped[imaging.NotAPhoto] != 1 || s.failures() != 0 {
		t.Errorf("first run: %+v", s)
	}
	manifests, variants := published(t, dst)
	if len(manifests) != 13 {
		t.Errorf("%d manifests", len(manifests))
	}
	// 2268 pixels wide: four widths in three formats.
	if got := len(manifests["flower.jpg"].Variants); got != 12 {
		t.Errorf("flower.jpg has %d variants", got)
	}
	for _, v := range manifests["flower.jpg"].Variants {
		if v.Name != fmt.Sprint(v.Width) {
			t.Errorf("variant %s is %d wide", v.Name, v.Width)
		}
	}
	var bytesOut int64
	for _, f := range s.Formats {
		bytesOut += f.Bytes
	}
	total := 0
	for _, data := range variants {
		total += len(data)
	}
	if int64(total) != bytesOut {
		t.Errorf("the run says %d bytes out, on the disk are %d", bytesOut, total)
	}
	if len(s.Savings) != 5 || s.Savings[0].SourceBytes <= s.Savings[0].Bytes {
		t.Errorf("savings: %+v", s.Savings)
	}

	if s := runJSON(t, 0, "../../testdata/photos", dst); s.Done != 0 || s.Fresh != 13 {
		t.Errorf("second run: %+v", s)
	}
}

func TestRunDoesWhatChanged(t *testing.T) {
	dir := t.TempDir()
	src, dst := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	recipe := writeFile(t, filepath.Join(dir, "quick.yaml"), quick)
	writeFile(t, filepath.Join(src, "a.jpg"), sample(t, "apple.jpg"))
	writeFile(t, filepath.Join(src, "b.jpg"), sample(t, "orange.jpg"))

	steps := []struct {
		name        string
		change      func()
		args        []string
		done, fresh int64
	}{
		{"first", func() {}, nil, 2, 0},
		{"nothing changed", func() {}, nil, 0, 2},
		{"a photo changed", func() { writeFile(t, filepath.Join(src, "a.jpg"), sample(t, "fruits.jpg")) }, nil, 1, 1},
		{"a photo was touched", func() { writeFile(t, filepath.Join(src, "b.jpg"), sample(t, "orange.jpg")) }, nil, 0, 2},
		{"a photo came", func() { writeFile(t, filepath.Join(src, "c/d.jpg"), sample(t, "board.jpg")) }, nil, 1, 2},
		{"a comment in the recipe", func() { writeFile(t, recipe, "# tuned\n"+quick) }, nil, 0, 3},
		{"the recipe changed", func() { writeFile(t, recipe, strings.Replace(quick, "70", "60", 1)) }, nil, 3, 0},
		{"forced", func() {}, []string{"--force"}, 3, 0},
	}
	for _, s := range steps {
		s.change()
		got := runJSON(t, 0, append([]string{src, dst, "--recipe", recipe}, s.args...)...)
		if got.Done != s.done || got.Fresh != s.fresh {
			t.Errorf("%s: %d done, %d fresh; want %d and %d", s.name, got.Done, got.Fresh, s.done, s.fresh)
		}
		published(t, dst)
	}
}

func TestRunReportsFailures(t *testing.T) {
	dir := t.TempDir()
	src, dst := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	recipe := writeFile(t, filepath.Join(dir, "quick.yaml"), quick)
	whole := sample(t, "fruits.jpg")
	writeFile(t, filepath.Join(src, "good.jpg"), whole)
	writeFile(t, filepath.Join(src, "cut.jpg"), whole[:len(whole)/2])
	writeFile(t, filepath.Join(src, "empty.jpg"), "")
	writeFile(t, filepath.Join(src, "page.jpg"), "<!DOCTYPE html><title>404</title>")
	writeFile(t, filepath.Join(src, "notes.txt"), "hello")
	writeFile(t, filepath.Join(src, ".DS_Store"), "hidden")
	if err := os.Symlink("/etc/hostname", filepath.Join(src, "link.jpg")); err != nil {
		t.Fatal(err)
	}

	s := runJSON(t, exitFailures, src, dst, "--recipe", recipe)
	want := map[imaging.Reason]int64{imaging.Truncated: 2, imaging.Unsupported: 1}
	if diff := cmp.Diff(want, s.Failed); diff != "" {
		t.Errorf("failed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[imaging.Reason]int64{imaging.NotAPhoto: 1, imaging.Link: 1}, s.Skipped); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
	list := burnish(t, "failures", dst)
	for _, key := range []string{"cut.jpg", "empty.jpg", "page.jpg"} {
		if !strings.Contains(list.stdout, key) {
			t.Errorf("failures does not list %s:\n%s", key, list.stdout)
		}
	}
	if one := burnish(t, "failures", dst, "--reason", "unsupported", "--json"); strings.Count(one.stdout, "\n") != 1 {
		t.Errorf("failures --reason unsupported: %s", one.stdout)
	}
	if got := burnish(t, "inspect", dst, "cut.jpg"); got.status != exitFailures || !strings.Contains(got.stderr, "truncated") {
		t.Errorf("inspect of a failed photo: %+v", got)
	}

	for _, name := range []string{"cut.jpg", "empty.jpg", "page.jpg"} {
		writeFile(t, filepath.Join(src, name), whole)
	}
	runJSON(t, 0, src, dst, "--recipe", recipe)
	if list := burnish(t, "failures", dst); !strings.Contains(list.stdout, "no failures") {
		t.Errorf("after mending: %s", list.stdout)
	}
}

func TestRunRefuses(t *testing.T) {
	dir := t.TempDir()
	src := filepath.Join(dir, "in")
	photo := writeFile(t, filepath.Join(src, "a.jpg"), sample(t, "apple.jpg"))
	out := filepath.Join(dir, "out")
	bad := writeFile(t, filepath.Join(dir, "bad.yaml"), "name: bad\nvariants:\n  widths: [100]\n  jpeg: {qualty: 3}\n")
	if err := os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "dangling")); err != nil {
		t.Fatal(err)
	}
	linked, taken, written := filepath.Join(dir, "linked"), filepath.Join(dir, "taken"), filepath.Join(dir, "written")
	writeFile(t, filepath.Join(taken, "variants"), "")
	writeFile(t, filepath.Join(written, "burnish/lock"), "")
	writeFile(t, filepath.Join(written, "manifests/a.jpg"), "{}")
	if err := errors.Join(os.Mkdir(linked, 0o777), os.Symlink(t.TempDir(), filepath.Join(linked, "manifests"))); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		args   []string
		status int
		says   string
	}{
		{"no arguments", []string{"run"}, exitUsage, "src"},
		{"unknown verb", []string{"polish"}, exitUsage, "polish"},
		{"unknown flag", []string{"run", src, out, "--fast"}, exitUsage, "--fast"},
		{"impossible jobs", []string{"run", src, out, "--jobs", "-1"}, exitUsage, "--jobs"},
		{"unknown recipe", []string{"run", src, out, "--recipe", "catalog"}, exitUsage, "catalogue"},
		{"bad recipe", []string{"run", src, out, "--recipe", bad}, exitUsage, "bad.yaml:4"},
		{"no such source", []string{"run", filepath.Join(dir, "im"), out}, exitNotStarted, "no folder"},
		{"source is a file", []string{"run", photo, out}, exitNotStarted, "is a file"},
		{"same folder", []string{"run", src, src + "/."}, exitNotStarted, "same folder"},
		{"destination is a file", []string{"run", src, photo}, exitNotStarted, "is a file"},
		{"destination below a file", []string{"run", src, filepath.Join(photo, "out")}, exitNotStarted, "a.jpg"},
		{"destination is empty", []string{"run", src, ""}, exitNotStarted, "empty"},
		{"destination links its manifests away", []string{"run", src, linked}, exitNotStarted, "symbolic link"},
		{"destination has a file for its variants", []string{"run", src, taken}, exitNotStarted, "needs a folder"},
		{"destination is a dangling link", []string{"run", src, filepath.Join(dir, "dangling")}, exitNotStarted, "link"},
		{"source is a destination", []string{"run", written, out}, exitNotStarted, "original photos"},
		{"source is Burnish's own output", []string{"run", filepath.Join(dir, "variants"), dir}, exitNotStarted, "original photos"},
		{"nothing to inspect", []string{"inspect", src, "b.jpg"}, exitFailures, "nothing is known"},
		{"failures of nothing", []string{"failures", src}, exitFailures, "nothing has been run"},
		{"unknown reason", []string{"failures", src, "--reason", "ugly"}, exitUsage, "corrupt"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if strings.HasSuffix(tt.args[min(1, len(tt.args)-1)], "variants") {
				writeFile(t, filepath.Join(dir, "variants/x.jpg"), "x")
			}
			got := burnish(t, tt.args...)
			if got.status != tt.status || !strings.Contains(got.stderr, tt.says) {
				t.Errorf("exit status %d, want %d; stderr %q, want %q in it", got.status, tt.status, got.stderr, tt.says)
			}
		})
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a refused run has made its destination")
	}
}

func TestRunWithoutImager(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "in/a.jpg"), "x")
	cmd := program(t, "run", filepath.Join(dir, "in"), filepath.Join(dir, "out"))
	missing := filepath.Join(dir, "imager")
	cmd.Env = append(cmd.Env, "BURNISH_IMAGER="+missing)
	if got := finish(t, cmd); got.status != exitNotStarted || !strings.Contains(got.stderr, missing) {
		t.Errorf("%+v", got)
	}
}

// A source that is not mounted looks like this, so it is not passed over in silence.
func TestRunWithoutPhotos(t *testing.T) {
	src := t.TempDir()
	writeFile(t, filepath.Join(src, ".hidden/a.jpg"), sample(t, "apple.jpg"))
	got := burnish(t, "run", src, filepath.Join(t.TempDir(), "out"))
	if got.status != 0 || !strings.Contains(got.stderr, "no photos below "+src) {
		t.Errorf("%+v", got)
	}
}

func TestRunIntoItsSource(t *testing.T) {
	src := t.TempDir()
	recipe := writeFile(t, filepath.Join(t.TempDir(), "quick.yaml"), quick)
	writeFile(t, filepath.Join(src, "a.jpg"), sample(t, "apple.jpg"))
	dst := filepath.Join(src, "web", "out")
	for i, want := range []int64{1, 0, 0} {
		s := runJSON(t, 0, src, dst, "--recipe", recipe)
		if s.Done != want || total(s.Skipped) != 0 {
			t.Errorf("run %d: %+v", i+1, s)
		}
	}
}

func TestRunAwkwardNames(t *testing.T) {
	dir := t.TempDir()
	src, dst := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	recipe := writeFile(t, filepath.Join(dir, "quick.yaml"), quick)
	photo := sample(t, "apple.jpg")
	names := []string{
		"two words.jpg", "new\nline.jpg", "latin1-\xe9.jpg", "ünïcode/日本.jpg", `back\slash.jpg`, "'quotes\".jpg",
		strings.Repeat("n", 251) + ".jpg", "-dash.jpg", "a/b.jpg", "a!.jpg", "a.jpg", "\x1b[31mred.jpg", "%41.jpg",
	}
	for _, name := range names {
		writeFile(t, filepath.Join(src, name), photo)
	}
	if s := runJSON(t, 0, src, dst, "--recipe", recipe); s.Done != int64(len(names)) {
		t.Fatalf("%+v", s)
	}
	manifests, _ := published(t, dst)
	for _, name := range names {
		if _, ok := manifests[queue.Key(name)]; !ok {
			t.Errorf("%q is not published", name)
		}
		key := text(queue.Key(name))
		if strings.ContainsAny(key, "\n\x1b") {
			t.Errorf("the key of %q would not print on one line: %q", name, key)
		}
		if got := burnish(t, "inspect", "--", dst, key); got.status != 0 {
			t.Errorf("inspect %s: %s", key, got.stderr)
		}
	}
	if s := runJSON(t, 0, src, dst, "--recipe", recipe); s.Fresh != int64(len(names)) {
		t.Errorf("second run: %+v", s)
	}
}

func TestTwoRunsIntoOneDestination(t *testing.T) {
	src, dst, recipe := manyPhotos(t, 60)
	first := program(t, "run", src, dst, "--recipe", recipe)
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return files(dst) > 5 })
	second := burnish(t, "run", src, dst, "--recipe", recipe)
	if second.status != exitNotStarted || !strings.Contains(second.stderr, "another burnish") {
		t.Errorf("second run: %+v", second)
	}
	if err := first.Wait(); err != nil {
		t.Error(err)
	}
}

func TestStatusOfARunThatDied(t *testing.T) {
	src, dst, recipe := manyPhotos(t, 60)
	cmd := program(t, "run", src, dst, "--recipe", recipe)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return files(dst) > 5 })
	_ = cmd.Process.Signal(syscall.SIGSTOP) // or it may be over before it is asked about
	if got := burnish(t, "status", dst); !strings.Contains(got.stdout, ": running\n") {
		t.Errorf("while it runs: %s%s", got.stdout, got.stderr)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	for range 2 { // asking changes nothing
		if got := burnish(t, "status", dst); !strings.Contains(got.stdout, ": died\n") {
			t.Errorf("after it was killed: %s%s", got.stdout, got.stderr)
		}
	}
	if got := burnish(t, "status", dst, "--json"); !strings.Contains(got.stdout, `"died": true`) {
		t.Errorf("in JSON: %s", got.stdout)
	}
	runJSON(t, 0, src, dst, "--recipe", recipe)
	if got := burnish(t, "status", dst); !strings.Contains(got.stdout, ": finished\n") || !strings.Contains(got.stdout, "interrupted") {
		t.Errorf("after another run: %s%s", got.stdout, got.stderr)
	}
}

func TestInterrupt(t *testing.T) {
	for _, tt := range []struct {
		name    string
		signals []os.Signal
	}{
		{"once", []os.Signal{os.Interrupt}},
		{"twice", []os.Signal{os.Interrupt, os.Interrupt}},
		{"terminated", []os.Signal{syscall.SIGTERM}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src, dst, recipe := manyPhotos(t, 80)
			cmd := raced(t, "run", src, dst, "--recipe", recipe)
			var said strings.Builder
			cmd.Stderr = &said
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			waitFor(t, func() bool { return files(dst) > 20 })
			for _, s := range tt.signals {
				_ = cmd.Process.Signal(s)
				time.Sleep(time.Millisecond) // two signals at once are one
			}
			_ = cmd.Wait()
			if got := cmd.ProcessState.ExitCode(); got != exitInterrupted || !strings.Contains(said.String(), "interrupted") {
				t.Errorf("exit status %d, said %q", got, said.String())
			}
			manifests, _ := published(t, dst)
			s := runJSON(t, 0, src, dst, "--recipe", recipe)
			if s.Fresh == 0 || s.Done+s.Fresh != 80 || s.Fresh < int64(len(manifests)) {
				t.Errorf("after %d photos were published, the next run: %d done, %d fresh", len(manifests), s.Done, s.Fresh)
			}
		})
	}
}

func TestKillAtEveryStep(t *testing.T) {
	src, clean, recipe := manyPhotos(t, 3)
	runJSON(t, 0, src, clean, "--recipe", recipe)
	_, want := published(t, clean)

	dst := filepath.Join(t.TempDir(), "out")
	steps := files(clean)
	for step := 1; step <= steps; step++ {
		if step%5 == 0 {
			// Begin anew now and then, so that later steps are reached as well.
			if err := os.RemoveAll(dst); err != nil {
				t.Fatal(err)
			}
		}
		cmd := program(t, "run", src, dst, "--recipe", recipe, "--force")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		exited := make(chan struct{})
		go func() { _ = cmd.Wait(); close(exited) }()
		for begin := files(dst); files(dst) < min(begin+step, steps); {
			select {
			case <-exited:
			case <-time.After(200 * time.Microsecond):
				continue
			}
			break
		}
		_ = cmd.Process.Kill()
		<-exited
		if _, err := os.Stat(dst); err != nil {
			continue // killed before anything was there
		}
		_, got := wholeIn(t, reading(t, dst))
		for path, data := range got {
			if data != want[path] {
				t.Fatalf("killed at step %d: %s differs from a clean run's", step, path)
			}
		}
	}
	if s := runJSON(t, 0, src, dst, "--recipe", recipe); s.Done+s.Fresh != 3 {
		t.Errorf("the run after all the kills: %+v", s)
	}
	if _, got := wholeIn(t, reading(t, dst)); !maps.Equal(want, got) {
		t.Error("variants differ from a clean run's")
	}
	runJSON(t, 0, src, dst, "--recipe", recipe, "--force")
	if _, got := published(t, dst); !maps.Equal(want, got) {
		t.Error("variants differ from a clean run's after all were made anew")
	}
}

// manyPhotos returns a source of n photos, a destination and a quick recipe.
func manyPhotos(t *testing.T, n int) (src, dst, recipe string) {
	t.Helper()
	dir := t.TempDir()
	src, dst = filepath.Join(dir, "in"), filepath.Join(dir, "out")
	photos := []string{sample(t, "apple.jpg"), sample(t, "orange.jpg"), sample(t, "board.jpg")}
	for i := range n {
		writeFile(t, filepath.Join(src, fmt.Sprintf("%03d.jpg", i)), photos[i%len(photos)])
	}
	return src, dst, writeFile(t, filepath.Join(dir, "quick.yaml"), quick)
}

func waitFor(t *testing.T, what func() bool) {
	t.Helper()
	for pause, begun := time.Millisecond, time.Now(); time.Since(begun) < 2*time.Minute; pause = min(pause+pause/16, 50*time.Millisecond) {
		if what() {
			return
		}
		time.Sleep(pause)
	}
	t.Fatal("it did not happen within two minutes")
}
