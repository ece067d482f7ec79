package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"burnish/queue"
	"burnish/worker"
	"burnish/worker/store"
)

// The tests of this package run the program as a person would. The test binary is burnish when
// its first argument says so; the imager is the one that `make build` puts into ./bin.
//
// Where a program does many things at once, a test runs it with the race detector if RACE is all, as
// make race has it: that takes several times as long.
const asProgram = "be-burnish"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == asProgram {
		os.Args = append([]string{"burnish"}, os.Args[2:]...)
		main()
		return
	}
	status := m.Run()
	if detecting.folder != "" {
		_ = os.RemoveAll(detecting.folder)
	}
	os.Exit(status)
}

// program returns burnish, not yet started.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	return command(t, os.Args[0], args...)
}

// detecting is burnish built with the race detector, by the first test that runs it.
var detecting struct {
	sync.Once
	folder string
	err    error
}

// raced returns burnish, not yet started, under the race detector if that is wanted. Where it finds
// a race, the exit status is 66.
func raced(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	if os.Getenv("RACE") != "all" {
		return program(t, args...)
	}
	detecting.Do(func() {
		if detecting.folder, detecting.err = os.MkdirTemp("", "burnish-raced-"); detecting.err != nil {
			return
		}
		out, err := exec.Command("go", "build", "-race", "-o", detecting.folder, ".").CombinedOutput()
		if err != nil {
			detecting.err = fmt.Errorf("%w\n%s", err, out)
		}
	})
	if detecting.err != nil {
		t.Fatal(detecting.err)
	}
	return command(t, filepath.Join(detecting.folder, "burnish"), args...)
}

// command returns a burnish that finds its imager. Both kinds take the same arguments.
func command(t *testing.T, binary string, args ...string) *exec.Cmd {
	t.Helper()
	imager, err := filepath.Abs("../../bin/imager")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(imager); err != nil {
		t.Fatalf("%v: run make build first", err)
	}
	if binary == os.Args[0] {
		args = append([]string{asProgram}, args...)
	}
	cmd := exec.Command(binary, args...)
	cmd.Env = append(os.Environ(), "BURNISH_IMAGER="+imager)
	return cmd
}

type ended struct {
	status         int
	stdout, stderr string
}

// burnish runs the program to its end.
func burnish(t *testing.T, args ...string) ended {
	t.Helper()
	return finish(t, program(t, args...))
}

func finish(t *testing.T, cmd *exec.Cmd) ended {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) {
		t.Fatal(err)
	}
	return ended{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// runJSON runs `burnish run --json` and returns its figures.
func runJSON(t *testing.T, status int, args ...string) summary {
	t.Helper()
	return closing(t, program(t, append([]string{"run", "--json"}, args...)...), status)
}

// closing runs a batch to its end and reads its closing figures.
func closing(t *testing.T, cmd *exec.Cmd, status int) summary {
	t.Helper()
	got := finish(t, cmd)
	var s summary
	if err := json.Unmarshal([]byte(got.stdout), &s); err != nil || got.status != status {
		t.Fatalf("%q: exit status %d, want %d: %v\n%s%s", cmd.Args, got.status, status, err, got.stdout, got.stderr)
	}
	return s
}

// quick is a recipe that takes few milliseconds a photo.
const quick = `
name: quick
variants:
  widths: [24, 48]
  jpeg: {quality: 70, trellis: false, optimize_scans: false}
  webp: {quality: 70, effort: 0}
`

func writeFile(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// sample reads one of the sample photos.
func sample(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../testdata/photos", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// published does what publishedIn does for a folder.
func published(t *testing.T, dst string) (manifests map[queue.Key]worker.Manifest, variants map[string]string) {
	t.Helper()
	return publishedIn(t, reading(t, dst))
}

// reading opens a folder until the test ends.
func reading(t *testing.T, dst string) store.Store {
	t.Helper()
	st, err := store.OpenDirectory(dst)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

// publishedIn reads every manifest of a destination and checks that each names variants which
// are there, whole, and at the generation that it says. It returns the variants' contents by
// path.
func publishedIn(t *testing.T, st store.Store) (manifests map[queue.Key]worker.Manifest, variants map[string]string) {
	t.Helper()
	manifests, variants = wholeIn(t, st)
	for _, m := range manifests {
		for _, v := range m.Variants {
			if a, err := st.Stat(t.Context(), string(v.Path)); err != nil || a.Generation != v.Generation {
				t.Fatalf("%s is %+v, %v; its manifest says generation %d", v.Path, a, err, v.Generation)
			}
		}
	}
	return manifests, variants
}

// wholeIn is publishedIn for a destination whose writer was killed: it may have written variants
// anew, alike, that the manifest still knows by their old generation.
func wholeIn(t *testing.T, st store.Store) (manifests map[queue.Key]worker.Manifest, variants map[string]string) {
	t.Helper()
	manifests, variants = make(map[queue.Key]worker.Manifest), make(map[string]string)
	for _, key := range manifestsIn(t, st) {
		m, _, err := worker.ReadManifest(t.Context(), st, key)
		if err != nil {
			t.Fatalf("torn manifest of %q: %v", key, err)
		}
		manifests[key] = m
		for _, v := range m.Variants {
			data, a, err := st.Read(t.Context(), string(v.Path), store.ReadOptions{Limit: 1 << 30})
			if err != nil {
				t.Fatalf("%q names %s: %v", key, v.Path, err)
			}
			if a.Size != v.Bytes {
				t.Fatalf("%s is %+v, its manifest says %d bytes", v.Path, a, v.Bytes)
			}
			variants[string(v.Path)] = string(data)
		}
	}
	return manifests, variants
}

// manifestsIn lists the keys of the photos that are published.
func manifestsIn(t *testing.T, st store.Store) (keys []queue.Key) {
	t.Helper()
	for a, err := range st.List(t.Context(), store.Range{Prefix: worker.ManifestPrefix}) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, queue.Key(strings.TrimPrefix(a.Name, worker.ManifestPrefix)))
	}
	return keys
}

// files counts the regular files below a folder.
func files(dir string) (n int) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			n++
		}
		return nil
	})
	return n
}
