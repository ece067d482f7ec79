package store

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"strings"
	"syscall"
)

// List walks the files in the folder and those below it. It holds the names of one folder per
// level in memory, in about 10 bytes each beyond their own, and looks at a file when its turn
// comes: one that vanished by then is left out, and so is a folder. Symbolic links are listed
// under their own names, whatever they lead to, so that none goes without an answer.
//
// A folder that may not be read ends the listing, unless the files are Foreign: there it is
// listed like a file under its own name, which answers ErrDenied, and the walk goes on.
func (d *Directory) List(ctx context.Context, r Range) iter.Seq2[Attrs, error] {
	return func(yield func(Attrs, error) bool) {
		w := walk{Directory: d, ctx: ctx, r: r, yield: yield}
		if err := w.start(); err != nil && !errors.Is(err, errStopped) {
			yield(Attrs{}, err)
		}
	}
}

// errStopped says that the loop over a listing was left.
var errStopped = errors.New("stopped")

type walk struct {
	*Directory
	ctx   context.Context
	r     Range
	yield func(Attrs, error) bool
}

// start walks the deepest folder that the prefix names.
func (w *walk) start() error {
	i := strings.LastIndexByte(w.r.Prefix, '/')
	if i < 0 {
		return w.folder(w.root, "")
	}
	top := w.r.Prefix[:i]
	if check(top) != nil || w.leftOut(top) || w.skip(top) || w.isLink(top) {
		return nil // holds nothing that is listed
	}
	if w.foreign && w.inDestination(top+"/") {
		return nil
	}
	return w.enter(w.root, top, top+"/")
}

// enter walks a folder; prefix is its full name with a slash.
func (w *walk) enter(parent *os.Root, name, prefix string) error {
	root, err := parent.OpenRoot(name)
	if err != nil {
		if info, err := parent.Lstat(name); gone(err) || err == nil && !info.IsDir() {
			return nil
		}
		return w.fault(strings.TrimSuffix(prefix, "/"), err)
	}
	defer root.Close()
	if w.foreign && isDestination(root, ".") {
		return nil
	}
	return w.folder(root, prefix)
}

// gone reports whether an error is that of a file or folder which is no longer there.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// folder walks an open folder.
func (w *walk) folder(root *os.Root, prefix string) error {
	names, err := w.names(root, prefix)
	if err != nil {
		return err
	}
	for name := range names.sorted() {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		if folder, ok := strings.CutSuffix(name, "/"); ok {
			err = w.enter(root, folder, prefix+name)
		} else {
			err = w.file(root, name, prefix+name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// names reads those of a folder that are in the range.
func (w *walk) names(root *os.Root, prefix string) (*names, error) {
	ns := new(names)
	err := eachEntry(root, func(e fs.DirEntry) error {
		if full := prefix + e.Name(); w.wants(e, full) {
			// Looked at now, because its place among the names depends on it.
			shut := w.foreign && e.IsDir() && closed(root, e.Name())
			if !shut || w.r.Has(full) {
				ns.add(e.Name(), e.IsDir() && !shut)
			}
		}
		return w.ctx.Err()
	})
	if err != nil {
		return nil, w.fault(strings.TrimSuffix(prefix, "/"), err)
	}
	return ns, nil
}

// closed reports whether a folder is there but may not be read.
func closed(parent *os.Root, name string) bool {
	root, err := parent.OpenRoot(name)
	if err != nil {
		return errors.Is(err, fs.ErrPermission)
	}
	defer root.Close()
	f, err := root.Open(".") // fails without the right to search it
	if err != nil {
		return errors.Is(err, fs.ErrPermission)
	}
	f.Close()
	return false
}

// eachEntry reads a folder a few entries at a time.
func eachEntry(root *os.Root, use func(fs.DirEntry) error) error {
	folder, err := root.Open(".")
	if err != nil {
		return err
	}
	defer folder.Close()
	f, err := entries(folder)
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		es, err := f.ReadDir(1024)
		for _, e := range es {
			if err := use(e); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// wants reports whether a folder's entry is, or may hold, something to be listed.
func (w *walk) wants(e fs.DirEntry, full string) bool {
	switch {
	case w.leftOut(full) || w.skip(full):
		return false
	case e.IsDir():
		return w.r.meets(full+"/") || w.foreign && w.r.Has(full)
	case e.Type()&^fs.ModeSymlink != 0:
		return false // a device, pipe or socket
	default:
		return w.r.Has(full)
	}
}

// meets reports whether some name that starts with the prefix can be in the range.
func (r Range) meets(prefix string) bool {
	return (strings.HasPrefix(prefix, r.Prefix) || strings.HasPrefix(r.Prefix, prefix)) &&
		(prefix >= r.From || strings.HasPrefix(r.From, prefix)) &&
		(r.To == "" || prefix < r.To)
}

// file lists one file, or a folder that may not be read.
func (w *walk) file(root *os.Root, base, name string) error {
	info, err := root.Lstat(base)
	if gone(err) {
		return nil
	}
	if err != nil {
		return w.fault(name, err)
	}
	a := attrs(name, info)
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		if target, err := w.Stat(w.ctx, name); err == nil {
			a = target
		}
	case info.IsDir() && w.foreign && closed(root, base):
		a.Size = 0
	case !info.Mode().IsRegular():
		return nil
	case !w.foreign:
		a.Metadata = metadataAt(root, base, info)
	}
	if !w.yield(a, nil) {
		return errStopped
	}
	return nil
}
