//go:build unix

package imager

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// killedBySystem reports whether a process died of a SIGKILL.
func killedBySystem(state *os.ProcessState) bool {
	status, ok := state.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// readable reports whether the pipe has bytes to read or no writer any more.
func readable(f *os.File) bool {
	conn, err := f.SyscallConn()
	if err != nil {
		return true
	}
	ready := true
	err = conn.Control(func(fd uintptr) {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		ready = n > 0 || err != nil && err != unix.EINTR
	})
	return ready || err != nil
}

// moved returns a copy of standard output, which replace then makes a copy of standard error.
func moved(replace func() error) (*os.File, error) {
	fd, err := unix.FcntlInt(uintptr(unix.Stdout), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, err
	}
	if err := replace(); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), "frames"), nil
}
