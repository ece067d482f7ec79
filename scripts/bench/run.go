package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// slots is part c: the throughput of `burnish run` with two children against one. Every photo
// is there twice, so that the last one, which leaves the other slot idle, weighs little.
func (b *bench) slots() error {
	if b.missing("slots") {
		return nil
	}
	photos := spreadOver(b.photos, b.few)
	src, err := b.folder("slots", photos, 2)
	if err != nil {
		return err
	}
	dst := filepath.Join(b.cache, "dst", "slots")
	var one, two []float64
	for rep := range b.reps {
		for slots, walls := range map[int]*[]float64{1: &one, 2: &two} {
			o, err := b.burnish(src, dst, slots)
			if err != nil {
				return err
			}
			*walls = append(*walls, o.wall.Seconds())
		}
		progress("slots: repetition %d of %d: %.1f s and %.1f s", rep+1, b.reps, one[rep], two[rep])
	}
	t := b.report.table("slots", fmt.Sprintf("Two slots against one, on %d cores", runtime.NumCPU()), "wall time of burnish run")
	n := float64(2 * len(photos))
	t.spread("one slot", "photos/s", inverse(one, n))
	t.spread("two slots", "photos/s", inverse(two, n))
	t.target("throughput, two slots / one", ratios(one, two), atLeast(targetSlots))
	return nil
}

func inverse(walls []float64, n float64) spread {
	rates := make([]float64, len(walls))
	for i, w := range walls {
		rates[i] = n / w
	}
	return spreadOf(rates)
}

// overhead is part d: what `burnish run` adds to the CPU of the bare engine, which makes the
// same variants of the same photos in one process and writes nothing but them.
func (b *bench) overhead() error {
	if b.missing("overhead") {
		return nil
	}
	photos := spreadOver(b.photos, b.few)
	src, err := b.folder("overhead", photos, 1)
	if err != nil {
		return err
	}
	dst := filepath.Join(b.cache, "dst", "overhead")
	var whole, bare []float64
	n := float64(len(photos))
	for rep := range b.reps {
		r, err := b.burnish(src, dst, 1)
		if err != nil {
			return err
		}
		e, err := b.bare(photos, filepath.Join(b.cache, "dst", "bare"))
		if err != nil {
			return err
		}
		whole = append(whole, r.cpu.Seconds()/n)
		bare = append(bare, e.cpu.Seconds()/n)
		progress("overhead: repetition %d of %d: run %.3f s, bare %.3f s", rep+1, b.reps, whole[rep], bare[rep])
	}
	t := b.report.table("overhead", "burnish run against the bare decode and encodes", "CPU of all processes, from start to end")
	t.spread("bare engine", "s/photo", spreadOf(bare))
	t.spread("burnish run --jobs 1", "s/photo", spreadOf(whole))
	t.target("CPU run / bare", ratios(whole, bare), atMost(targetOverhead))
	return nil
}

// bare has the engine make photos in one process.
func (b *bench) bare(photos []string, dst string) (outcome, error) {
	var in strings.Builder
	out := json.NewEncoder(&in)
	for _, p := range photos {
		if err := out.Encode(job{Photo: p, Out: filepath.Join(dst, stem(p)), Settings: b.defaults}); err != nil {
			return outcome{}, err
		}
	}
	cmd := exec.Command(b.engine)
	cmd.Stdin = strings.NewReader(in.String())
	return timed(cmd)
}
