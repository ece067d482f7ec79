package store

import (
	"errors"
	"io/fs"
	"path"
	"sync"
	"syscall"
)

// dirt is the folders whose entries may not be on the disk yet.
type dirt struct {
	flushing sync.Mutex // held while folders are synced, so that whoever finds none to sync
	// does not overtake the one who is at it

	mu      sync.Mutex // guards folders, and is held while folders are made
	folders map[string]bool
}

func (s *dirt) add(folder string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addLocked(folder)
}

func (s *dirt) addLocked(folder string) {
	if s.folders == nil {
		s.folders = make(map[string]bool)
	}
	s.folders[folder] = true
}

func (s *dirt) take() map[string]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.folders
	s.folders = nil
	return taken
}

// makeFolder makes a folder and those above it, and notes whose entries that changed. The
// lock keeps a folder from being used, and its user flushed, before that is noted.
func (d *Directory) makeFolder(name string) error {
	if name == "." || d.isFolder(name) {
		return nil
	}
	d.dirt.mu.Lock()
	defer d.dirt.mu.Unlock()
	return d.makeFolderLocked(name)
}

func (d *Directory) makeFolderLocked(name string) error {
	if name == "." {
		return nil
	}
	err := d.root.Mkdir(name, 0o777)
	if errors.Is(err, fs.ErrNotExist) {
		if err := d.makeFolderLocked(path.Dir(name)); err != nil {
			return err
		}
		err = d.root.Mkdir(name, 0o777)
	}
	if errors.Is(err, fs.ErrExist) {
		return d.asFolder(name)
	}
	if err == nil {
		d.dirt.addLocked(path.Dir(name))
	}
	return err
}

// asFolder reports why a name that is taken cannot serve as a folder.
func (d *Directory) asFolder(name string) error {
	info, err := d.root.Lstat(name)
	switch {
	case err != nil:
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		return ErrLink
	case !info.IsDir():
		return syscall.ENOTDIR
	}
	return nil
}

// flush syncs every folder that has changed.
func (d *Directory) flush() error {
	d.dirt.flushing.Lock()
	defer d.dirt.flushing.Unlock()
	taken := d.dirt.take()
	for folder := range taken {
		if err := d.syncFolder(folder); err != nil {
			for folder := range taken {
				d.dirt.add(folder)
			}
			return d.fault(folder, err)
		}
	}
	return nil
}

func (d *Directory) syncFolder(folder string) error {
	f, err := d.root.Open(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // deleted since, which its parent's entry tells
	}
	if err != nil {
		return err
	}
	defer f.Close()
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil // a file system that cannot sync folders
	}
	return err
}
