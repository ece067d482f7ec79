package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The targets of the endurance part.
const (
	targetMemory = 150 // MB that the parent holds at most
	targetStart  = 0.5 // seconds until the first photo
)

// smallRecipe makes one small variant, so that the parent is what works hardest.
const smallRecipe = `name: small
variants:
  widths: [32]
  jpeg: {}
`

// endurance is part e: the parent's memory over many small photos, and how soon the first
// manifest stands, which bounds from above when its photo started.
func (b *bench) endurance() error {
	if b.missing("endurance") {
		return nil
	}
	src, dst := filepath.Join(b.cache, "src", "many"), filepath.Join(b.cache, "dst", "many")
	if err := manyPhotos(src, b.many); err != nil {
		return err
	}
	if err := os.RemoveAll(dst); err != nil {
		return err
	}
	recipe := filepath.Join(b.cache, "small.yaml")
	if err := os.WriteFile(recipe, []byte(smallRecipe), 0o644); err != nil {
		return err
	}
	var said bytes.Buffer
	cmd := exec.Command(filepath.Join(b.bin, "burnish"), "run", src, dst, "--recipe", recipe)
	cmd.Stderr = &said
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	first, peak := watch(cmd, filepath.Join(dst, "manifests"), began)
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%w\n%s", err, said.Bytes())
	}
	wall := time.Since(began)
	t := b.report.table("endurance", fmt.Sprintf("burnish run over %d small photos", b.many), "")
	t.target("parent's greatest resident memory, MB", spreadOf([]float64{float64(peak) / 1e6}), atMost(targetMemory))
	t.target("first manifest, seconds after the start", spreadOf([]float64{first.Seconds()}), atMost(targetStart))
	t.spread("throughput", "photos/s", spreadOf([]float64{float64(b.many) / wall.Seconds()}))
	return nil
}

// watch follows a running parent to its end.
func watch(cmd *exec.Cmd, manifests string, began time.Time) (first time.Duration, peak int64) {
	for {
		if first == 0 && anyFile(manifests) {
			first = time.Since(began)
		}
		p, running := highWater(cmd.Process.Pid)
		if !running {
			return first, peak
		}
		peak = max(peak, p)
		pause := 100 * time.Millisecond
		if first == 0 {
			pause = time.Millisecond
		}
		time.Sleep(pause)
	}
}

func anyFile(dir string) bool {
	found := errors.New("found")
	return errors.Is(filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			return found
		}
		return err
	}), found)
}

// highWater is the kernel's own record of the most memory that a process had resident, in
// bytes. A process that has ended shows none.
func highWater(pid int) (int64, bool) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(status)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "VmHWM:" {
			kb, err := strconv.ParseInt(f[1], 10, 64)
			return kb << 10, err == nil
		}
	}
	return 0, false
}

// manyPhotos makes a folder of small photos, a thousand to a folder. What is there already
// from an earlier run is kept if it is as many.
func manyPhotos(dir string, n int) error {
	stamp := filepath.Join(dir+".count", strconv.Itoa(n))
	if _, err := os.Stat(stamp); err == nil {
		return nil
	}
	if err := errors.Join(os.RemoveAll(dir), os.RemoveAll(filepath.Dir(stamp))); err != nil {
		return err
	}
	m := image.NewRGBA(image.Rect(0, 0, 64, 48))
	for i := range n {
		m.Set(i%64, i/64%48, color.RGBA{byte(i), byte(i >> 8), 128, 255})
		var data bytes.Buffer
		if err := jpeg.Encode(&data, m, nil); err != nil {
			return err
		}
		sub := filepath.Join(dir, fmt.Sprintf("%03d", i/1000))
		if err := os.MkdirAll(sub, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(sub, fmt.Sprintf("%06d.jpg", i)), data.Bytes(), 0o644); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(stamp), 0o755); err != nil {
		return err
	}
	return os.WriteFile(stamp, nil, 0o644)
}
