package setup

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"runtime"
	"strconv"
	"strings"

	"burnish/imaging"
	"burnish/imaging/imager"
)

// reserve is the least that burnish keeps to itself of the memory there is, in bytes: what it
// takes over 100,000 photos, and 256 MiB of photos that are fetched and wait.
const reserve = 384 << 20

// Capacity resolves --jobs and --memory, both 0 unless given: how many photos are worked on at
// once, and what they may take together, in bytes. By default there is one job per core that a
// container may use, or as
// many as the memory is enough for, and the memory is the least limit of this process's cgroups,
// or the machine's, less an eighth and at least 384 MiB for burnish itself.
func Capacity(jobs int, memory imaging.ByteSize) (slots int, bytes int64, err error) {
	return capacity(os.DirFS("/"), runtime.GOMAXPROCS(0), jobs, int64(memory))
}

func capacity(root fs.FS, cores, jobs int, memory int64) (int, int64, error) {
	if memory == 0 {
		if there := machine(root); there > 0 {
			memory = max(there-max(reserve, there/8), imager.Share)
		}
	}
	fit := cores
	if memory > 0 {
		fit = int(min(memory/imager.Share, math.MaxInt32))
	}
	switch {
	case memory > 0 && fit < max(jobs, 1):
		return 0, 0, fmt.Errorf("%v of memory is not enough for %d jobs, which take %v each at least; lower --jobs or raise --memory",
			imaging.ByteSize(memory>>20<<20), max(jobs, 1), imaging.ByteSize(imager.Share))
	case jobs == 0:
		jobs = min(cores, fit)
	}
	return jobs, memory, nil
}

// machine is the memory that this process can have at most, in bytes; 0 where it is not known.
func machine(root fs.FS) int64 {
	least := meminfo(root)
	groups, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return least
	}
	for line := range strings.Lines(string(groups)) { // number:controllers:path
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		folder, file := "sys/fs/cgroup", "memory.max"
		if parts[1] == "memory" {
			folder, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		} else if parts[1] != "" {
			continue
		}
		// In a container the path may be the host's, and only the top is to be seen.
		for group := path.Clean("/" + parts[2]); ; group = path.Dir(group) {
			if limit := number(root, path.Join(folder, group, file)); limit > 0 && (least == 0 || limit < least) {
				least = limit
			}
			if group == "/" {
				break
			}
		}
	}
	return least
}

// number reads a file that holds one; 0 where it does not, as one that says "max".
func number(root fs.FS, name string) int64 {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// meminfo is the machine's memory in bytes, or 0.
func meminfo(root fs.FS) int64 {
	text, err := fs.ReadFile(root, "proc/meminfo")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "MemTotal:")
	var kib int64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		return 0
	}
	return kib << 10
}
