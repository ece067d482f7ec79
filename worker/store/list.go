package store

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"
	"syscall"
)

// List walks the files in the folder and those below it. It holds the names of one folder per
// level in memory, in about 10 bytes each beyond their own, and looks at a file when its turn
// comes: one that vanished by then is left out, and so is a folder. Symbolic links are listed
// under their own names, whatever they lead to, so that none goes without an answer.
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
	if check(top) != nil || w.leftOut(top) || w.isLink(top) {
		return nil // holds nothing that is listed
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
	f, err := root.Open(".")
	if err != nil {
		return nil, w.fault(strings.TrimSuffix(prefix, "/"), err)
	}
	defer f.Close()
	var ns names
	for {
		entries, err := f.ReadDir(1024)
		for _, e := range entries {
			if w.wants(e, prefix) {
				ns.add(e.Name(), e.IsDir())
			}
		}
		if err == io.EOF {
			return &ns, nil
		}
		if err == nil {
			err = w.ctx.Err()
		}
		if err != nil {
			return nil, w.fault(strings.TrimSuffix(prefix, "/"), err)
		}
	}
}

// wants reports whether a folder's entry is, or may hold, something to be listed.
func (w *walk) wants(e fs.DirEntry, prefix string) bool {
	full := prefix + e.Name()
	switch {
	case e.IsDir():
		return w.r.meets(full+"/") && !w.leftOut(full)
	case e.Type()&^fs.ModeSymlink != 0:
		return false // a device, pipe or socket
	default:
		return w.r.has(full) && !w.leftOut(full)
	}
}

// has reports whether a name is in the range.
func (r Range) has(name string) bool {
	return strings.HasPrefix(name, r.Prefix) && name >= r.From && (r.To == "" || name < r.To)
}

// meets reports whether some name that starts with the prefix can be in the range.
func (r Range) meets(prefix string) bool {
	return (strings.HasPrefix(prefix, r.Prefix) || strings.HasPrefix(r.Prefix, prefix)) &&
		(prefix >= r.From || strings.HasPrefix(r.From, prefix)) &&
		(r.To == "" || prefix < r.To)
}

// file lists one file.
func (w *walk) file(root *os.Root, base, name string) error {
	info, err := root.Lstat(base)
	if gone(err) || err == nil && info.IsDir() {
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
	case !info.Mode().IsRegular():
		return nil
	case !w.foreign:
		a.Metadata = metadataAt(root, base)
	}
	if !w.yield(a, nil) {
		return errStopped
	}
	return nil
}

// names is a list of names without a string header or an allocation for each: a folder may
// hold millions.
type names struct {
	blocks [][]byte
	at     []uint64 // block, offset and length of each
}

const (
	blockBits  = 18 // of an offset in a block, which has 256 KiB
	lengthBits = 12 // of a name's length; file systems stop at 255 or 1,020 bytes
)

// add appends a name, with a slash if it is a folder's: that way the order of the names in a
// folder is that of everything in and below it.
func (n *names) add(name string, folder bool) {
	length := len(name)
	if folder {
		length++
	}
	last := len(n.blocks) - 1
	if last < 0 || len(n.blocks[last])+length > 1<<blockBits {
		n.blocks = append(n.blocks, make([]byte, 0, 1<<blockBits))
		last++
	}
	offset := len(n.blocks[last])
	n.blocks[last] = append(n.blocks[last], name...)
	if folder {
		n.blocks[last] = append(n.blocks[last], '/')
	}
	n.at = append(n.at, uint64(last)<<(blockBits+lengthBits)|uint64(offset)<<lengthBits|uint64(length))
}

func (n *names) get(at uint64) []byte {
	length := at & (1<<lengthBits - 1)
	offset := at >> lengthBits & (1<<blockBits - 1)
	return n.blocks[at>>(blockBits+lengthBits)][offset : offset+length]
}

// sorted yields the names in the order of their bytes.
func (n *names) sorted() iter.Seq[string] {
	slices.SortFunc(n.at, func(a, b uint64) int { return bytes.Compare(n.get(a), n.get(b)) })
	return func(yield func(string) bool) {
		for _, at := range n.at {
			if !yield(string(n.get(at))) {
				return
			}
		}
	}
}
