package setup

import (
	"context"
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

// OpenDestination opens for reading what has been written to a folder, or to a bucket as
// gs://bucket or gs://bucket/prefix.
func OpenDestination(text string) (Opened, error) {
	place, err := ParsePlace(text)
	if err != nil {
		return nil, fmt.Errorf("destination: %w", err)
	}
	if place.Bucket != "" {
		ctx := context.Background()
		client, err := openStorage(ctx)
		if err != nil {
			return nil, err
		}
		b, err := openBucket(ctx, client, place)
		if err != nil {
			client.Close()
			return nil, fmt.Errorf("destination: %w", err)
		}
		return lasting{b, client}, nil
	}
	dir, err := ExistingFolder(place.Folder)
	if err != nil {
		return nil, fmt.Errorf("destination: %w", err)
	}
	return store.OpenDirectory(dir)
}
