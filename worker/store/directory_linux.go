package store

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"syscall"

	"golang.org/x/sys/unix"
)

// changeTime returns when the inode was last changed, in Unix nanoseconds.
func changeTime(info fs.FileInfo) int64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Ctim.Nano()
	}
	return 0
}

// entries returns an open folder as a file that tells the types of its entries as it reads
// them. One that an os.Root opened calls lstat for each, which takes most of the time of a
// listing; the walk does so itself, and for fewer. The caller closes both.
func entries(folder *os.File) (*os.File, error) {
	fd, err := unix.FcntlInt(folder.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), folder.Name()), nil
}

// rename moves a temporary file to its name in an open folder. With fresh it fails with
// fs.ErrExist if the name is taken; where the file system cannot promise that (NFS), the
// look that the caller took before has to do.
func (d *Directory) rename(temp string, folder *os.File, name string, fresh bool) error {
	from, err := d.temp.Open(".")
	if err != nil {
		return err
	}
	defer from.Close()
	base := path.Base(name)
	if fresh {
		err = unix.Renameat2(int(from.Fd()), temp, int(folder.Fd()), base, unix.RENAME_NOREPLACE)
		if !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOSYS) {
			return err
		}
	}
	return unix.Renameat(int(from.Fd()), temp, int(folder.Fd()), base)
}
