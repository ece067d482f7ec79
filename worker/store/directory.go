package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// ErrBusy says that another process has the folder open for writing.
var ErrBusy = errors.New("another burnish is writing to this folder")

// Where a folder that is written to keeps what is not an object. Both are never listed.
const (
	tempDir  = "burnish/tmp"  // files on their way to their name; on the same file system
	lockFile = "burnish/lock" // held by the one process that writes
)

// Directory is a folder as a store. Nothing outside the folder is read or written, whatever
// its symbolic links say: a link to a file inside stands for that file, any other link is
// listed too but answers ErrLink. Devices, pipes and sockets are neither listed nor opened.
//
// Names are the bytes of the paths below the folder; they need not be UTF-8.
type Directory struct {
	path     string // as given
	real     string // without symbolic links
	root     *os.Root
	excluded []string
	skip     func(path string) bool // what List leaves out
	foreign  bool

	// What follows is nil or unused when the folder is open for reading only.
	temp  *os.Root
	lock  *os.File
	names atomic.Uint64 // of temporary files
	clock atomic.Int64  // the modification time last given, in Unix nanoseconds
	locks [64]sync.Mutex
	dirt  dirt
}

// DirectoryOption says how a folder is opened.
type DirectoryOption func(*directoryOptions)

type directoryOptions struct {
	writable, foreign bool
	excluded          []string
	skip              func(path string) bool
}

// Writable opens a folder for writing as well: it is made if it is missing, locked against
// other processes until Close (ErrBusy), and rid of what a killed process left half done.
func Writable() DirectoryOption {
	return func(o *directoryOptions) { o.writable = true }
}

// Exclude leaves out everything below the given paths, relative to the folder: List passes
// them over and any other method answers ErrNotExist. It is for a destination inside a source.
func Exclude(paths ...string) DirectoryOption {
	return func(o *directoryOptions) { o.excluded = append(o.excluded, paths...) }
}

// Skip lets List leave out the files, and the folders with all they hold, whose path skip
// reports. Such a folder is not even opened. The other methods know nothing of it.
func Skip(skip func(path string) bool) DirectoryOption {
	return func(o *directoryOptions) { o.skip = skip }
}

// Foreign says that others wrote the files, so that no metadata is looked for. It makes
// listing faster, and lists files and folders that may not be read. Folders below it that
// hold both burnish/lock and manifests are destinations of Burnish, not photos, and are left
// out as if Exclude named them; the folder itself is taken whatever it holds.
func Foreign() DirectoryOption {
	return func(o *directoryOptions) { o.foreign = true }
}

// OpenDirectory opens an existing folder for reading, or as the options say. The caller
// closes it.
func OpenDirectory(name string, opts ...DirectoryOption) (*Directory, error) {
	o := directoryOptions{skip: func(string) bool { return false }}
	for _, opt := range opts {
		opt(&o)
	}
	if err := expectFolder(name, o.writable); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, fault(name, err)
	}
	d := &Directory{path: name, root: root, skip: o.skip, foreign: o.foreign}
	if err := d.prepare(o); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// expectFolder reports why a path is no folder, after making one if it may.
func expectFolder(name string, mayMake bool) error {
	info, err := os.Stat(name)
	if mayMake && errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(name, 0o777); err == nil {
			return nil
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: no such folder: %w", show(name), ErrNotExist)
	case err != nil:
		return fault(name, err)
	case !info.IsDir():
		return fmt.Errorf("%s: is a file, not a folder", show(name))
	}
	return nil
}

func (d *Directory) prepare(o directoryOptions) error {
	abs, err := filepath.Abs(d.path)
	if err != nil {
		return fault(d.path, err)
	}
	if d.real, err = filepath.EvalSymlinks(abs); err != nil {
		return fault(d.path, err)
	}
	for _, p := range o.excluded {
		p = path.Clean(filepath.ToSlash(p))
		if err := check(p); err != nil {
			return fmt.Errorf("leave out %s: %w", show(p), err)
		}
		d.excluded = append(d.excluded, p)
	}
	if !o.writable {
		return nil
	}
	return d.claim()
}

// claim locks the folder, then empties the folder of temporary files: only the holder of
// the lock may have any.
func (d *Directory) claim() error {
	d.excluded = append(d.excluded, tempDir, lockFile)
	if err := d.root.MkdirAll(tempDir, 0o777); err != nil {
		return d.fault(tempDir, err)
	}
	var err error
	if d.lock, err = d.root.OpenFile(lockFile, os.O_RDWR|os.O_CREATE, 0o666); err != nil {
		return d.fault(lockFile, err)
	}
	if err := lock(d.lock); err != nil {
		return fault(d.path, err)
	}
	if d.temp, err = d.root.OpenRoot(tempDir); err != nil {
		return d.fault(tempDir, err)
	}
	return d.sweep()
}

// sweep removes the temporary files of a process that was killed.
func (d *Directory) sweep() error {
	f, err := d.temp.Open(".")
	if err != nil {
		return d.fault(tempDir, err)
	}
	defer f.Close()
	left, err := f.Readdirnames(-1)
	if err != nil {
		return d.fault(tempDir, err)
	}
	for _, name := range left {
		if err := d.temp.RemoveAll(name); err != nil {
			return d.fault(tempDir+"/"+name, err)
		}
	}
	return nil
}

// Abandoned reports whether it is certain that no process has the folder open for writing. Where
// the file system has no locks, or nobody has ever written, it is not.
func (d *Directory) Abandoned() bool {
	f, err := d.root.OpenFile(lockFile, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	return unlocked(f)
}

// Close makes what was written durable, gives up the lock and closes the folder. No other
// method may be running or be called later.
func (d *Directory) Close() error {
	err := d.flush()
	if d.temp != nil {
		d.temp.Close()
	}
	if d.lock != nil {
		d.lock.Close() // ends the lock too
	}
	return errors.Join(err, d.root.Close())
}

// String returns the path that the folder was opened by.
func (d *Directory) String() string { return d.path }

// Stat describes a file.
func (d *Directory) Stat(ctx context.Context, name string) (Attrs, error) {
	if err := ctx.Err(); err != nil {
		return Attrs{}, err
	}
	at, info, err := d.find(name)
	if err != nil {
		return Attrs{}, err
	}
	a := attrs(name, info)
	if !d.foreign {
		a.Metadata = metadataAt(d.root, at, info)
	}
	return a, nil
}

// find looks a file up and returns the name to open it by, which is another one if it is a
// symbolic link with an absolute target.
func (d *Directory) find(name string) (at string, info fs.FileInfo, err error) {
	if err := check(name); err != nil {
		return "", nil, fmt.Errorf("%s: %w", show(name), err)
	}
	if d.leftOut(name) || d.foreign && d.inDestination(name) {
		return "", nil, d.fault(name, fs.ErrNotExist)
	}
	at = name
	info, err = d.root.Stat(at)
	if errors.Is(err, syscall.ENOTDIR) {
		err = fs.ErrNotExist // "a/b" where "a" is a file
	}
	if err != nil {
		if at, err = d.follow(name, err); err != nil {
			return "", nil, err
		}
		if info, err = d.root.Stat(at); err != nil {
			return "", nil, d.fault(name, err)
		}
	}
	switch {
	case info.Mode().IsRegular():
		return at, info, nil
	case info.IsDir() && d.isLink(name):
		return "", nil, d.fault(name, fmt.Errorf("%w (to a folder)", ErrLink))
	case info.IsDir() && d.foreign && closed(d.root, at):
		return "", nil, fmt.Errorf("%s: %w to look into this folder", d.show(name), ErrDenied)
	default:
		return "", nil, fmt.Errorf("%s: %w (it is a %s)", d.show(name), ErrNotExist, kind(info.Mode()))
	}
}

// follow decides what a file that could not be looked up is: a link into the folder by an
// absolute path, which os.Root refuses though it does not lead out; another link, which is
// ErrLink; or what err says.
func (d *Directory) follow(name string, err error) (string, error) {
	if !d.isLink(name) {
		return "", d.fault(name, err)
	}
	target, evalErr := filepath.EvalSymlinks(filepath.Join(d.real, filepath.FromSlash(name)))
	if evalErr != nil {
		return "", d.fault(name, ErrLink)
	}
	rel, relErr := filepath.Rel(d.real, target)
	if relErr != nil || !filepath.IsLocal(rel) {
		return "", d.fault(name, ErrLink)
	}
	return filepath.ToSlash(rel), nil
}

// isLink reports whether a symbolic link stands anywhere on the way to a name.
func (d *Directory) isLink(name string) bool {
	for i := range len(name) + 1 {
		if i < len(name) && name[i] != '/' {
			continue
		}
		info, err := d.root.Lstat(name[:i])
		if err != nil {
			return false
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return true
		}
	}
	return false
}

// leftOut reports whether a name is, or lies below, one that was excluded.
func (d *Directory) leftOut(name string) bool {
	for _, p := range d.excluded {
		if rest, ok := strings.CutPrefix(name, p); ok && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return false
}

// inDestination reports whether a name lies in a folder below this one that is a destination.
func (d *Directory) inDestination(name string) bool {
	for i := range len(name) {
		if name[i] == '/' && isDestination(d.root, name[:i]) {
			return true
		}
	}
	return false
}

// IsDestination reports whether Burnish has written to a folder.
func IsDestination(path string) bool {
	root, err := os.OpenRoot(path)
	if err != nil {
		return false
	}
	defer root.Close()
	return isDestination(root, ".")
}

// isDestination is IsDestination of a folder below another.
func isDestination(root *os.Root, folder string) bool {
	held, err := root.Lstat(path.Join(folder, lockFile))
	if err != nil || !held.Mode().IsRegular() {
		return false
	}
	info, err := root.Lstat(path.Join(folder, "manifests"))
	return err == nil && info.IsDir()
}

func kind(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "folder"
	case m&fs.ModeNamedPipe != 0:
		return "named pipe"
	case m&fs.ModeSocket != 0:
		return "socket"
	default:
		return "device"
	}
}
