package setup

import (
	"errors"
	"fmt"

	"burnish/worker/store"
)

// OpenSource opens the folder that photos are read from.
func (f Folders) OpenSource() (*store.Directory, error) {
	opts := []store.DirectoryOption{store.Foreign()}
	if f.Exclude != "" {
		opts = append(opts, store.Exclude(f.Exclude))
	}
	return store.OpenDirectory(f.Source, opts...)
}

// OpenDest opens the folder that is written to, for this process alone.
func (f Folders) OpenDest() (*store.Directory, error) {
	d, err := store.OpenDirectory(f.Dest, store.Writable())
	if errors.Is(err, store.ErrBusy) {
		return nil, fmt.Errorf("%w: wait for it to end, or choose another destination", err)
	}
	return d, err
}

// OpenDestination opens for reading what an earlier run has written.
func OpenDestination(path string) (*store.Directory, error) {
	dir, err := ExistingFolder(path)
	if err != nil {
		return nil, fmt.Errorf("destination: %w", err)
	}
	return store.OpenDirectory(dir)
}
