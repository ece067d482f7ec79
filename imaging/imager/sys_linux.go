package imager

import (
	"bytes"
	"errors"
	"fmt"
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

// confine limits the address space of a process, in bytes, and forbids it core dumps.
func confine(pid int, bytes uint64) error {
	if err := unix.Prlimit(pid, unix.RLIMIT_AS, &unix.Rlimit{Cur: bytes, Max: bytes}, nil); err != nil {
		return gone(err)
	}
	return gone(unix.Prlimit(pid, unix.RLIMIT_CORE, &unix.Rlimit{}, nil))
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
