//go:build unix && !linux

package imager

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes put a child into a process group of its own, which a terminal's Ctrl-C does not
// reach. A child whose parent was killed ends when it next reads its input.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

func stdout() (*os.File, error) {
	return moved(func() error { return unix.Dup2(unix.Stderr, unix.Stdout) })
}
