package architecture

import (
	"fmt"
	"slices"
	"strings"
)

// topLevel lists the folders that the module's root may hold, besides those whose name begins
// with a dot and what `make` puts there.
var topLevel = []string{"cmd", "docs", "imaging", "queue", "scripts", "testdata", "worker", "bin", "out"}

// sayNothing lists package names that tell a reader nothing.
var sayNothing = []string{"common", "helper", "helpers", "misc", "shared", "types", "util", "utils"}

// check returns what is wrong with one file, a sentence for each.
func check(f file) []string {
	var wrong []string
	if name := strings.TrimSuffix(f.pkg, "_test"); slices.Contains(sayNothing, name) {
		wrong = append(wrong, fmt.Sprintf("%s: package %s says nothing; name it after what it holds", f.path, f.pkg))
	}
	for _, imported := range f.imports {
		if why := forbidden(f.dir(), imported); why != "" {
			wrong = append(wrong, fmt.Sprintf("%s imports %s: %s", f.path, imported, why))
		}
	}
	// What people run by hand is no part of the program, and a test may look at its surroundings.
	if !f.isTest() && !within(f.dir(), "cmd/internal/setup") && !within(f.dir(), "scripts") {
		for _, call := range f.env {
			wrong = append(wrong, fmt.Sprintf("%s calls %s: only cmd/internal/setup reads the environment", f.path, call))
		}
	}
	return wrong
}

// forbidden says why a package in dir may not import another, or returns "".
func forbidden(dir, imported string) string {
	switch {
	case imported == "C" && dir != "imaging/vips":
		return "only imaging/vips uses cgo"
	case imported == "github.com/h2non/bimg" && dir != "imaging/vips":
		return "only imaging/vips uses bimg"
	case within(imported, "imaging/vips") && !within(dir, "imaging/vips") && dir != "cmd/imager" && !within(dir, "scripts"):
		return "only cmd/imager links libvips; everything else asks a child process"
	case within(imported, "imaging/gemini") && within(dir, "worker"):
		return "engines are handed to worker, which knows none"
	case within(imported, "scripts") && !within(dir, "scripts"):
		return "scripts are what people run, nothing builds on them"
	case within(imported, "cmd") && !within(dir, "cmd"):
		return "cmd wires, nothing builds on it"
	case (dir == "imaging" || dir == "queue") && ours(imported):
		return dir + " is a leaf and imports nothing of ours"
	case within(dir, "imaging") && ours(imported) && !within(imported, "imaging"):
		return "imaging knows pictures and nothing else of ours"
	case within(dir, "queue") && ours(imported) && !within(imported, "queue"):
		return "queue knows messages and nothing else of ours"
	}
	return ""
}

// ours reports whether an import path, as parse gives it, is in this module.
func ours(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return slices.Contains([]string{"cmd", "imaging", "queue", "scripts", "worker"}, first)
}

// within reports whether a folder is root or below it.
func within(dir, root string) bool {
	return dir == root || strings.HasPrefix(dir, root+"/")
}

// checkTop returns what is wrong with the names of the folders in the module's root.
func checkTop(folders []string) []string {
	var wrong []string
	for _, name := range folders {
		if !strings.HasPrefix(name, ".") && !slices.Contains(topLevel, name) {
			wrong = append(wrong, fmt.Sprintf("%s: a new folder at the top changes the architecture; put it in one of %v", name, topLevel))
		}
	}
	return wrong
}
