package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// The targets of the walk part.
const (
	targetPairs      = 500_000 // a second, over listings in memory
	targetListing    = 0.9     // of the speed of listing alone, over a server's
	targetWalkMemory = 300     // MB, whatever the size of the catalogue
)

// walked is what one run of the walk program took.
type walked struct {
	Pairs       int     `json:"pairs"`
	Seconds     float64 `json:"seconds"`
	CPU         float64 `json:"cpu"`
	ListSeconds float64 `json:"listSeconds"`
	ListCPU     float64 `json:"listCpu"`

	peak float64 // MB resident
}

// walk is part f: how fast a backfill finds out what is left to do, over generated catalogues.
func (b *bench) walk() error {
	t := b.report.table("walk", "The walk of a backfill over generated keys, in 8 ranges", "each figure is a process of its own")
	for _, keys := range []int{1_000_000, b.keys} {
		w, err := b.walkOnce("-keys", strconv.Itoa(keys))
		if err != nil {
			return err
		}
		progress("walk: %d keys in memory: %.1f s", keys, w.Seconds)
		of := fmt.Sprintf(" of %d keys in memory", keys)
		t.target("pairs a second"+of, spreadOf([]float64{float64(w.Pairs) / w.Seconds}), atLeast(targetPairs))
		t.target("greatest resident memory, MB"+of, spreadOf([]float64{w.peak}), atMost(targetWalkMemory))
	}
	served := min(b.keys, 3_000_000)
	var speed, cpu, memory []float64
	for rep := range b.reps {
		w, err := b.walkServed(served)
		if err != nil {
			return err
		}
		progress("walk: repetition %d of %d: %d keys of a server: %.1f s, listing alone %.1f s", rep+1, b.reps, served, w.Seconds, w.ListSeconds)
		speed = append(speed, w.ListSeconds/w.Seconds)
		cpu = append(cpu, w.ListCPU/w.CPU)
		memory = append(memory, w.peak)
	}
	of := fmt.Sprintf(" of %d keys of a local server", served)
	t.target("speed, walk / listing alone"+of, spreadOf(speed), atLeast(targetListing))
	t.spread("CPU, listing alone / walk", "", spreadOf(cpu))
	t.target("greatest resident memory, MB"+of, spreadOf(memory), atMost(targetWalkMemory))
	return nil
}

// walkServed walks the listings of a server, which is a process of its own.
func (b *bench) walkServed(keys int) (walked, error) {
	server := exec.Command(b.walker, "-serve", "-keys", strconv.Itoa(keys))
	stop, err := server.StdinPipe()
	if err != nil {
		return walked{}, err
	}
	out, err := server.StdoutPipe()
	if err != nil {
		return walked{}, err
	}
	if err := server.Start(); err != nil {
		return walked{}, err
	}
	defer func() {
		_ = stop.Close()
		_ = server.Wait()
	}()
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return walked{}, fmt.Errorf("the server of listings gives no address: %w", err)
	}
	return b.walkOnce("-keys", strconv.Itoa(keys), "-service", strings.TrimSpace(address))
}

func (b *bench) walkOnce(args ...string) (walked, error) {
	var said bytes.Buffer
	cmd := exec.Command(b.walker, args...)
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return walked{}, fmt.Errorf("%s: %w\n%s", cmd, err, said.Bytes())
	}
	var w walked
	if err := json.Unmarshal(out, &w); err != nil {
		return walked{}, fmt.Errorf("%s: %w", filepath.Base(b.walker), err)
	}
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		w.peak = float64(u.Maxrss) * 1024 / 1e6 // Linux counts in KiB
	}
	return w, nil
}
