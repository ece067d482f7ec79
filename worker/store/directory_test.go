package store_test

import (
	"testing"

	"burnish/worker/store"
	"burnish/worker/store/storetest"
)

func openDirectory(t *testing.T, path string, opts ...store.DirectoryOption) *store.Directory {
	t.Helper()
	d, err := store.OpenDirectory(path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return d
}

func TestDirectory(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store {
		return openDirectory(t, t.TempDir(), store.Writable())
	})
}
