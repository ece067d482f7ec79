package imager

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes put a child into a process group of its own, which a terminal's Ctrl-C does not
// reach, and end it with the thread that starts it.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// shut marks every descriptor but the standard ones as not to be passed on: those that Go
// opens are, but not what this process itself was started with.
func shut() {
	_ = unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) // not before Linux 5.11
}

// confine limits the address space of a process, in bytes, and forbids it core dumps. A limit
// that is stricter already stays: it is somebody's wish, and only root could lift it.
func confine(pid int, bytes int64) error {
	var old unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_AS, nil, &old); err != nil {
		return gone(err)
	}
	limit := unix.Rlimit{Cur: min(uint64(bytes), old.Cur), Max: min(uint64(bytes), old.Max)}
	if err := unix.Prlimit(pid, unix.RLIMIT_AS, &limit, nil); err != nil {
		return gone(err)
	}
	return gone(unix.Prlimit(pid, unix.RLIMIT_CORE, &unix.Rlimit{}, nil))
}

// offer makes a process the first that the kernel ends when memory runs out: it costs one try of
// one photo, and this process all that it has in hand. Raising the score takes no privileges;
// where it cannot be raised, the kernel goes by size, and a child at work is the larger one.
func offer(pid int) {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid), []byte("1000"), 0)
}

// gone ignores that a process has ended already: its hello will be missed, which says more.
func gone(err error) error {
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	return err
}

// memory is what a process uses, in bytes: of address space and of real memory. Both are 0
// when it has ended.
func memory(pid int) (space, resident int64) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	fields := bytes.Fields(data)
	if err != nil || len(fields) < 2 {
		return 0, 0
	}
	pages := func(field []byte) int64 {
		n, _ := strconv.ParseInt(string(field), 10, 64)
		return n * int64(os.Getpagesize())
	}
	return pages(fields[0]), pages(fields[1])
}

// awaitExit returns true when the process has ended and is not reaped yet, so that its number
// still stands for it and its group.
func awaitExit(pid int) bool {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return err == nil
		}
	}
}

// killGroup kills a process that is not reaped yet, and all it started.
func killGroup(p *os.Process) {
	_ = unix.Kill(-p.Pid, unix.SIGKILL)
	_ = p.Kill() // in case it has left the group
}

func stdout() (*os.File, error) {
	return moved(func() error { return unix.Dup3(unix.Stderr, unix.Stdout, 0) })
}
