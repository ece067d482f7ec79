// Package store keeps objects: photos to read, variants and manifests to write.
//
// An object is named by a path with slashes. Every write replaces a whole object and is
// atomic: a reader sees the old bytes or the new ones. Writes can be made conditional on the
// generation that the writer has seen, which is what makes at-least-once delivery safe.
package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"
)

// The facts that stores state.
var (
	ErrNotExist    = errors.New("object does not exist")
	ErrCondition   = errors.New("object is not at the generation that the write expects")
	ErrTooLarge    = errors.New("object is larger than the limit")
	ErrLink        = errors.New("symbolic link leads out of the folder, to a folder or to nothing")
	ErrName        = errors.New("not a name that this store can hold")
	ErrUnavailable = errors.New("store does not answer")
	ErrThrottled   = errors.New("store asks to slow down")
	ErrDenied      = errors.New("no permission")
	ErrFull        = errors.New("no space left")
)

// Attrs describes one object.
type Attrs struct {
	Name       string
	Size       int64     // bytes
	Generation int64     // changes whenever the bytes do; never 0
	Updated    time.Time // from Read perhaps to the second only

	// Metadata is what the writer gave. It is a help, not a promise: a folder that was copied
	// without extended attributes has lost it. What must not be lost stands in the body. Keys
	// are of lower-case letters, digits and hyphens, and all of it takes at most 8 KiB; a
	// bucket's Read answers values beyond ASCII as the service encodes them, its other
	// methods as they were given.
	Metadata map[string]string
}

// Condition is the generation that an object must have for a write to happen.
type Condition int64

// Any writes whatever there is; Absent only where there is nothing. Every positive value is a
// generation.
const (
	Any    Condition = -1
	Absent Condition = 0
)

// ReadOptions says what is read of an object, and on which terms.
type ReadOptions struct {
	// Generation is the one to read; 0 reads the newest.
	Generation int64

	// Limit is how many bytes the object may have at most.
	Limit int64

	// Admit, if set, is asked once the attributes are known, and before the body is read or
	// memory taken for it; Metadata may still be missing. It may block, for which the store
	// sets no deadline, and its error ends the read. It is asked again if the object turns out
	// to have changed meanwhile: what it admitted before is then not read.
	Admit func(ctx context.Context, a Attrs) error
}

// Allow reports why an object of these attributes is not to be read: ErrTooLarge, or what
// Admit says. Stores call it.
func (o ReadOptions) Allow(ctx context.Context, a Attrs) error {
	if a.Size > o.Limit {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, a.Size, o.Limit)
	}
	if o.Admit == nil {
		return nil
	}
	return o.Admit(ctx, a)
}

// WriteOptions says how an object is written. The zero value creates it, and fails with
// ErrCondition if it exists.
type WriteOptions struct {
	If          Condition
	ContentType string
	Metadata    map[string]string

	// CacheControl is what a bucket tells those who fetch the object, in the HTTP header of
	// that name; empty leaves it to the service, which lets anybody keep a public object for an
	// hour. A folder has nothing to tell, and does not keep it.
	CacheControl string

	// Part says that readers find the object through another one, which is written later and
	// is no Part itself: a variant through its manifest. A power cut may then undo the write,
	// but it leaves no later object, unless that is a Part too, without those written before.
	// It saves a folder from syncing its entries one by one.
	Part bool
}

// Range selects names: those with the prefix, at or after From and before To. Empty strings
// set no bound. Names compare as bytes.
type Range struct {
	Prefix, From, To string
}

// Has reports whether a name is in the range.
func (r Range) Has(name string) bool {
	return strings.HasPrefix(name, r.Prefix) && name >= r.From && (r.To == "" || name < r.To)
}

// Store is a folder or a bucket. Its methods may be called from many goroutines.
type Store interface {
	// Read returns a whole object, all of one generation. What is larger than the limit, or
	// not admitted, is not read: the error then comes with the attributes. A generation that
	// is asked for and not there is ErrNotExist.
	Read(ctx context.Context, name string, opts ReadOptions) ([]byte, Attrs, error)

	// Stat describes an object.
	Stat(ctx context.Context, name string) (Attrs, error)

	// Write stores an object under the condition and returns its new attributes, or
	// ErrCondition.
	Write(ctx context.Context, name string, data []byte, opts WriteOptions) (Attrs, error)

	// Delete removes an object under the condition. An absent object is no error with Any.
	Delete(ctx context.Context, name string, cond Condition) error

	// List walks objects sorted by name as bytes. It stops at the first error.
	List(ctx context.Context, r Range) iter.Seq2[Attrs, error]

	// String names the store as a person would: its path or URL.
	String() string
}
