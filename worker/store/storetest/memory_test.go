package storetest_test

import (
	"testing"

	"burnish/worker/store"
	"burnish/worker/store/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return storetest.NewMemory() })
}
