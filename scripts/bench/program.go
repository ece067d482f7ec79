package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"burnish/imaging"
)

// defaults is what Burnish does when nothing is said: the recipe catalogue.
func defaults(recipe string) (imaging.Request, error) {
	if recipe == "" {
		recipe = "imaging/recipes/catalogue.yaml"
	}
	r, err := imaging.ReadRecipe(recipe)
	if err != nil {
		return imaging.Request{}, err
	}
	return imaging.Request{Limits: r.Limits, Enhance: r.Enhance, Variants: r.Variants}, nil
}

// outcome is what a whole program took, its children included.
type outcome struct{ cpu, wall time.Duration }

// burnish runs `burnish run` from a folder into a fresh one.
func (b *bench) burnish(src, dst string, slots int, args ...string) (outcome, error) {
	if err := os.RemoveAll(dst); err != nil {
		return outcome{}, err
	}
	args = append([]string{"run", src, dst, "--jobs", strconv.Itoa(slots)}, args...)
	return timed(exec.Command(filepath.Join(b.bin, "burnish"), args...))
}

// timed runs a program to its end. wait4 reports its CPU time and that of the children that it
// waited for.
func timed(cmd *exec.Cmd) (outcome, error) {
	var said bytes.Buffer
	cmd.Stderr = &said
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return outcome{}, fmt.Errorf("%s: %w\n%s", cmd, err, said.Bytes())
	}
	s := cmd.ProcessState
	return outcome{s.UserTime() + s.SystemTime(), time.Since(began)}, nil
}

// missing says that the programs are not built, which leaves a part out.
func (b *bench) missing(part string) bool {
	for _, name := range []string{"burnish", "imager"} {
		if _, err := os.Stat(filepath.Join(b.bin, name)); err != nil {
			progress("%s: left out, there is no %s in %s: run make build", part, name, b.bin)
			return true
		}
	}
	return false
}

// folder lays photos out as a source, as often as said; links keep it cheap.
func (b *bench) folder(name string, photos []string, times int) (string, error) {
	dir := filepath.Join(b.cache, "src", name)
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	for i := range times {
		sub := filepath.Join(dir, strconv.Itoa(i))
		if err := os.MkdirAll(sub, 0o755); err != nil {
			return "", err
		}
		for _, p := range photos {
			if err := os.Link(p, filepath.Join(sub, filepath.Base(p))); err != nil {
				return "", err
			}
		}
	}
	return dir, nil
}
