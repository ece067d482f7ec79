package setup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"burnish/queue"
	"burnish/worker/store"
)

// Folders are the two ends of a run, as absolute paths without symbolic links.
type Folders struct {
	Source, Dest string
	// Exclude is the destination relative to the source when it lies within, else empty.
	Exclude string
}

// OpenFolders checks that one folder can be read into the other, and creates the destination.
func OpenFolders(src, dst string) (Folders, error) {
	f, err := checkFolders(src, dst)
	if err != nil {
		return f, err
	}
	if err := os.MkdirAll(f.Dest, 0o777); err != nil {
		return f, fmt.Errorf("create the destination: %w", err)
	}
	return f, usable(f.Dest)
}

// checkFolders does so without creating it.
func checkFolders(src, dst string) (Folders, error) {
	source, err := ExistingFolder(src)
	if err != nil {
		return Folders{}, fmt.Errorf("source: %w", err)
	}
	dest, err := newFolder(dst)
	if err != nil {
		return Folders{}, fmt.Errorf("destination: %w", err)
	}
	f := Folders{Source: source, Dest: dest}
	if source == dest {
		return f, fmt.Errorf("source and destination are the same folder, %s: choose another destination, for instance %s",
			source, filepath.Join(source, "burnished"))
	}
	if rel, ok := within(source, dest); ok {
		f.Exclude = filepath.ToSlash(rel)
	}
	if err := original(source); err != nil {
		return f, err
	}
	for _, own := range owned {
		if _, ok := within(filepath.Join(dest, own), source); ok {
			return f, fmt.Errorf("source %s lies in what Burnish writes below %s: choose the folder of the original photos", source, dest)
		}
	}
	return f, usable(dest)
}

// original reports why a folder cannot be that of the original photos.
func original(source string) error {
	if store.IsDestination(source) {
		return fmt.Errorf("source %s is a destination of Burnish: choose the folder of the original photos, or delete %s if that is what it is",
			source, filepath.Join(source, "burnish"))
	}
	return nil
}

// owned are the folders below a destination that Burnish writes.
var owned = []string{"manifests", "variants", "burnish"}

// usable reports what stands in the way of Burnish's own folders, before a photo is decoded in
// vain. Nothing is written through a symbolic link below the destination, since it may lead out.
func usable(dest string) error {
	for _, own := range owned {
		path := filepath.Join(dest, own)
		info, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return fmt.Errorf("destination: %w", err)
		case info.Mode()&fs.ModeSymlink != 0:
			return fmt.Errorf("destination: %s is a symbolic link, which is not written through: let %s itself be the link, or remove it", path, dest)
		case !info.IsDir():
			return fmt.Errorf("destination: %s is a file where Burnish needs a folder: move it, or choose another destination", path)
		}
	}
	return nil
}

// newFolder resolves the path of a folder that may have to be made.
func newFolder(path string) (string, error) {
	if path == "" {
		return "", errors.New("its path is empty")
	}
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return "", fmt.Errorf("%q is a file: give a folder", path)
	}
	return resolve(path)
}

// OpenSource opens the folder that photos are read from. What is hidden in it is not listed.
func (f Folders) OpenSource() (*store.Directory, error) {
	opts := []store.DirectoryOption{store.Foreign(), store.Skip(func(path string) bool { return Hidden(queue.Key(path)) })}
	if f.Exclude != "" {
		opts = append(opts, store.Exclude(f.Exclude))
	}
	return store.OpenDirectory(f.Source, opts...)
}

// Hidden reports whether a part of the path begins with a dot: what systems and editors keep
// for themselves.
func Hidden(key queue.Key) bool {
	return strings.HasPrefix(string(key), ".") || strings.Contains(string(key), "/.")
}

// OpenDest opens the folder that is written to, for this process alone.
func (f Folders) OpenDest() (*store.Directory, error) {
	d, err := store.OpenDirectory(f.Dest, store.Writable())
	if errors.Is(err, store.ErrBusy) {
		return nil, fmt.Errorf("%w: wait for it to end, or choose another destination", err)
	}
	return d, err
}

// openFolders opens a folder for reading into another.
func openFolders(e Ends) (source, dest Opened, err error) {
	folders, err := OpenFolders(e.Source.Folder, e.Dest.Folder)
	if err != nil {
		return nil, nil, err
	}
	if source, err = folders.OpenSource(); err != nil {
		return nil, nil, fmt.Errorf("source: %w", err)
	}
	if dest, err = folders.OpenDest(); err != nil {
		source.Close()
		return nil, nil, fmt.Errorf("destination: %w", err)
	}
	return source, dest, nil
}

// lookAtFolders opens a folder, and for reading the one that would be written to. As long as that
// is missing, it is an empty one.
func lookAtFolders(e Ends) (source, dest Opened, err error) {
	folders, err := checkFolders(e.Source.Folder, e.Dest.Folder)
	if err != nil {
		return nil, nil, err
	}
	if source, err = folders.OpenSource(); err != nil {
		return nil, nil, fmt.Errorf("source: %w", err)
	}
	if dest, err = lookAt(folders.Dest); err != nil {
		source.Close()
		return nil, nil, fmt.Errorf("destination: %w", err)
	}
	return source, dest, nil
}

// lookAt opens a folder for reading, or an empty one in its name where it is missing.
func lookAt(dir string) (Opened, error) {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return store.OpenDirectory(dir)
	}
	nothing, err := os.MkdirTemp("", "burnish-empty-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(nothing) // its descriptor stays open
	d, err := store.OpenDirectory(nothing)
	return empty{d, dir}, err
}

// empty is an empty folder in the name of one that is missing.
type empty struct {
	*store.Directory
	name string
}

func (e empty) String() string { return e.name }

// ExistingFolder resolves the path of a folder that must be there.
func ExistingFolder(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("there is no folder %q", path)
	case err != nil:
		return "", err
	case !info.IsDir():
		return "", fmt.Errorf("%q is a file: give the folder it is in", path)
	}
	return resolve(path)
}

// resolve makes a path absolute and follows symbolic links in as much of it as exists.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		return real, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	if _, err := os.Lstat(path); err == nil {
		return "", fmt.Errorf("%s is a symbolic link to nothing", path)
	}
	parent, err := resolve(filepath.Dir(path))
	return filepath.Join(parent, filepath.Base(path)), err
}

// within reports whether path is dir or lies below it, and where.
func within(dir, path string) (string, bool) {
	rel, err := filepath.Rel(dir, path)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", false
	}
	return rel, true
}
