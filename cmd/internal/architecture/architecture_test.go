package architecture

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// root is the module's root as seen from this package.
const root = "../../.."

func TestTheModuleKeepsItsRules(t *testing.T) {
	read := map[string]bool{} // folders with Go files
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != "." && notGo(entry.Name()) {
			return fs.SkipDir
		}
		if entry.IsDir() || path.Ext(name) != ".go" {
			return nil
		}
		src, err := os.ReadFile(path.Join(root, name))
		if err != nil {
			return err
		}
		f, err := parse(name, src)
		if err != nil {
			return err
		}
		read[f.dir()] = true
		for _, wrong := range check(f) {
			t.Error(wrong)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"cmd/burnish", "cmd/imager", "imaging", "imaging/vips", "queue", "worker"} {
		if !read[dir] {
			t.Errorf("no Go file was read in %s", dir)
		}
	}
}

// notGo reports whether the go command, too, passes over a folder of this name.
func notGo(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || slices.Contains([]string{"testdata", "node_modules", "bin", "out"}, name)
}

func TestTheTopHoldsWhatItShould(t *testing.T) {
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, entry := range entries {
		if entry.IsDir() {
			folders = append(folders, entry.Name())
		}
	}
	for _, wrong := range checkTop(folders) {
		t.Error(wrong)
	}
	if got := len(checkTop([]string{".git", "cmd", "internal", "pkg"})); got != 2 {
		t.Errorf("two of four folders are wrong, found %d", got)
	}
}

func TestForbidden(t *testing.T) {
	const (
		env     = `import "os"; var x = os.Getenv("X")`
		envText = `os.Getenv: only cmd/internal/setup reads the environment`
	)
	tests := []struct {
		name, path, src string
		want            string // the end of the one thing that is wrong, or "" when nothing is
	}{
		{"worker uses the leaves", "worker/a.go", `import ("burnish/queue"; "burnish/imaging"; "burnish/worker/store")`, ""},
		{"an engine uses imaging", "imaging/vips/a.go", `import ("C"; "burnish/imaging"; "github.com/h2non/bimg")`, ""},
		{"the imager links libvips", "cmd/imager/a.go", `import "burnish/imaging/vips"`, ""},
		{"a benchmark links libvips", "scripts/bench/engine/a.go", `import "burnish/imaging/vips"`, ""},
		{"setup reads the environment", "cmd/internal/setup/a.go", env, ""},
		{"a test reads the environment", "worker/a_test.go", env, ""},
		{"a method of that name", "worker/a.go", `type t struct{}; func (t) Getenv() {}; func f(os t) { os.Getenv() }`, ""},

		{"imaging uses queue", "imaging/a.go", `import "burnish/queue"`, "queue: imaging is a leaf and imports nothing of ours"},
		{"imaging uses its own engine", "imaging/a.go", `import "burnish/imaging/enhance"`, "imaging is a leaf and imports nothing of ours"},
		{"a test of imaging uses worker", "imaging/a_test.go", `import "burnish/worker"`, "imaging is a leaf and imports nothing of ours"},
		{"queue uses imaging", "queue/a.go", `import "burnish/imaging"`, "queue is a leaf and imports nothing of ours"},
		{"a queue uses worker", "queue/memory/a.go", `import "burnish/worker/store"`, "queue knows messages and nothing else of ours"},
		{"an engine uses a store", "imaging/imager/a.go", `import "burnish/worker/store"`, "imaging knows pictures and nothing else of ours"},
		{"worker links libvips", "worker/a.go", `import "burnish/imaging/vips"`, "only cmd/imager links libvips; everything else asks a child process"},
		{"a batch links libvips", "worker/batch/a.go", `import v "burnish/imaging/vips"`, "only cmd/imager links libvips; everything else asks a child process"},
		{"burnish links libvips", "cmd/burnish/a.go", `import _ "burnish/imaging/vips"`, "only cmd/imager links libvips; everything else asks a child process"},
		{"setup links libvips", "cmd/internal/setup/a.go", `import "burnish/imaging/vips"`, "only cmd/imager links libvips; everything else asks a child process"},
		{"worker knows Gemini", "worker/a.go", `import "burnish/imaging/gemini"`, "engines are handed to worker, which knows none"},
		{"cgo elsewhere", "worker/store/a.go", `import "C"`, "only imaging/vips uses cgo"},
		{"bimg elsewhere", "cmd/imager/a.go", `import "github.com/h2non/bimg"`, "only imaging/vips uses bimg"},
		{"worker builds on cmd", "worker/a.go", `import "burnish/cmd/internal/setup"`, "cmd wires, nothing builds on it"},
		{"burnish builds on a script", "cmd/burnish/a.go", `import "burnish/scripts/tally"`, "scripts are what people run, nothing builds on them"},
		{"worker reads the environment", "worker/a.go", env, envText},
		{"burnish reads the environment", "cmd/burnish/a.go", env, envText},
		{"under another name", "worker/a.go", `import sys "os"; var x = sys.Environ()`, "os.Environ: only cmd/internal/setup reads the environment"},
		{"through syscall", "worker/a.go", `import "syscall"; var x, y = syscall.Getenv("X")`, "syscall.Getenv: only cmd/internal/setup reads the environment"},
		{"handed on, not called", "worker/a.go", `import "os"; var get = os.LookupEnv`, "os.LookupEnv: only cmd/internal/setup reads the environment"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f, err := parse(test.path, "package p; "+test.src)
			if err != nil {
				t.Fatal(err)
			}
			wrong := check(f)
			if test.want == "" {
				if len(wrong) > 0 {
					t.Errorf("nothing is wrong, found %q", wrong)
				}
				return
			}
			if len(wrong) != 1 || !strings.HasSuffix(wrong[0], test.want) {
				t.Errorf("found %q, want one that ends in %q", wrong, test.want)
			}
		})
	}
}

func TestNamesThatSayNothing(t *testing.T) {
	for _, name := range []string{"util", "util_test", "common", "helpers", "types"} {
		f, err := parse("worker/x/a.go", "package "+name)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"worker/x/a.go: package " + name + " says nothing; name it after what it holds"}
		if diff := cmp.Diff(want, check(f)); diff != "" {
			t.Error(diff)
		}
	}
}
