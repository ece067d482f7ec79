//go:build unix

package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// lock takes the lock that the file stands for, until the file is closed, and leaves this
// process's number in it for the message of whoever comes second. A file system without
// locks gives none: there, one writer at a time is up to the user.
func lock(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	for range glances {
		if !errors.Is(err, unix.EWOULDBLOCK) {
			break
		}
		time.Sleep(glance)
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	switch {
	case errors.Is(err, unix.EWOULDBLOCK):
		b, _ := io.ReadAll(io.LimitReader(f, 20))
		if pid, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil {
			return fmt.Errorf("%w (process %d); wait for it or stop it", ErrBusy, pid)
		}
		return fmt.Errorf("%w; wait for it or stop it", ErrBusy)
	case errors.Is(err, unix.ENOTSUP), errors.Is(err, unix.ENOSYS), errors.Is(err, unix.ENOLCK):
		return nil
	case err != nil:
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, os.Getpid())
	return err
}

// A lock that is taken is tried again, since it may be unlocked that takes it.
const (
	glances = 3
	glance  = 10 * time.Millisecond
)

// unlocked reports whether the file system has locks and nobody holds the one that the file
// stands for. To know, it takes the lock until the file is closed, but only from writers.
func unlocked(f *os.File) bool {
	return unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB) == nil
}
