package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// facts maps what a file system says to what a store says, the first match winning.
var facts = []struct{ says, means error }{
	{fs.ErrNotExist, ErrNotExist},
	{fs.ErrPermission, ErrDenied}, // EACCES and EPERM
	{syscall.EROFS, ErrDenied},
	{syscall.ENOSPC, ErrFull},
	{syscall.EDQUOT, ErrFull},
	{syscall.ENAMETOOLONG, ErrName},
	{syscall.ENOTDIR, ErrName}, // the key "a/b" where "a" is a file
	{syscall.EISDIR, ErrName},  // the key "a" where "a/b" is a file
	{syscall.EILSEQ, ErrName},  // a file system that wants UTF-8
	{syscall.EINVAL, ErrName},  // one that forbids some characters
	{syscall.ELOOP, ErrLink},
}

// fault turns an error of the file system into one of this package's, naming the path.
func fault(path string, err error) error {
	cause := err
	var pe *fs.PathError
	var le *os.LinkError
	switch {
	case errors.As(err, &pe):
		cause = pe.Err // its path is relative to some descriptor
	case errors.As(err, &le):
		cause = le.Err
	}
	for _, f := range facts {
		if errors.Is(cause, f.says) && f.means == ErrNotExist {
			return fmt.Errorf("%s: %w", show(path), f.means)
		}
		if errors.Is(cause, f.says) {
			return fmt.Errorf("%s: %w (%v)", show(path), f.means, cause)
		}
	}
	return fmt.Errorf("%s: %w", show(path), cause)
}

// fault is the function fault for an object.
func (d *Directory) fault(name string, err error) error {
	return fault(d.path+"/"+name, err)
}

// show returns the path of an object for a person.
func (d *Directory) show(name string) string { return show(d.path + "/" + name) }

// show quotes a path that would not be told from the words around it, or spoil the terminal.
func show(path string) string {
	plain := path != "" && !strings.ContainsFunc(path, func(r rune) bool {
		return r == '\uFFFD' || r == '"' || !strconv.IsPrint(r)
	})
	if plain {
		return path
	}
	return strconv.Quote(path)
}

// check reports why a name cannot be that of a file below the folder.
func check(name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	if os.PathSeparator != '/' && strings.ContainsRune(name, os.PathSeparator) {
		return fmt.Errorf("%w: it has a %q", ErrName, os.PathSeparator)
	}
	return nil
}
