//go:build !unix

package store

import "os"

// lock does nothing: here, one writer at a time is up to the user.
func lock(*os.File) error { return nil }

// unlocked knows nothing.
func unlocked(*os.File) bool { return false }
