// Package batch records what was asked for, finds what is left to do and publishes it.
//
// A batch is one run, backfill or rerun; its record says who asked for what and how it ended, and
// while it is under way its state and lane are orders to whoever publishes it. What is left to do
// stands in no record: the catalogue is reconciled, not remembered.
package batch

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ledger"
)

// Kind is what a batch was asked for with.
type Kind string

// Run does a folder on one machine; Backfill publishes what is missing or stale of a source;
// Rerun publishes what has failed.
const (
	Run      Kind = "run"
	Backfill Kind = "backfill"
	Rerun    Kind = "rerun"
)

// State is how far a batch has come.
type State string

// Running is the state of a batch from Start on, and of one whose process has died since.
// Paused publishes nothing until it is told to go on, as its note says. Every other is final:
// Finished did all there was, Interrupted was stopped by a signal or died, Failed met trouble
// that it could not get over, Cancelled was given up by a person. An interrupted backfill is
// taken up again by the same command.
const (
	Running     State = "running"
	Paused      State = "paused"
	Cancelled   State = "cancelled"
	Finished    State = "finished"
	Interrupted State = "interrupted"
	Failed      State = "failed"
)

// Batch is the record of a batch.
type Batch struct {
	Version     int       `json:"version"` // of the record's form
	ID          string    `json:"id"`
	Kind        Kind      `json:"kind"`
	State       State     `json:"state"`
	Source      string    `json:"source"` // as a person names it
	Dest        string    `json:"destination"`
	Recipe      string    `json:"recipe"`
	RecipeID    string    `json:"recipeID,omitempty"` // as worker.KeepRecipe returns it; empty where this process does the jobs
	Fingerprint string    `json:"fingerprint"`
	By          string    `json:"by"`             // user@host
	Started     time.Time `json:"started"`        // to the millisecond
	Ended       time.Time `json:"ended,omitzero"` // zero while running, or when nobody saw the end
	Totals      Totals    `json:"totals"`         // of a batch that died: what its ledger knows

	// Expected is how many jobs there are to be: from the start where that was known, else from
	// the end of the walk on, and until then 0.
	Expected int64 `json:"expected,omitempty"`
	// Repairs is the batch whose failures these jobs are. Asked is how many of those that were
	// not published at the start are asked for, by the reason of which they failed there, and
	// Left how many are not.
	Repairs string                   `json:"repairs,omitempty"`
	Asked   map[imaging.Reason]int64 `json:"asked,omitempty"`
	Left    map[imaging.Reason]int64 `json:"left,omitempty"`
	// Reason is which failures are asked for again; empty for all.
	Reason imaging.Reason `json:"reason,omitempty"`

	Note   string     `json:"note,omitempty"`   // why it is paused, cancelled or failed
	Lane   queue.Lane `json:"lane,omitempty"`   // where jobs are published; empty for runs
	Window int        `json:"window,omitempty"` // jobs in flight at most; 0 for as many as keep the workers busy
	Filter Filter     `json:"filter,omitzero"`
	Keys   []string   `json:"keys,omitempty"`  // files that list the keys, instead of the source
	Limit  int64      `json:"limit,omitempty"` // jobs at most; 0 for all
	Force  bool       `json:"force,omitempty"` // fresh photos too
	Stop   *Stop      `json:"stop,omitempty"`  // when it stops itself
	Plan   *Plan      `json:"plan,omitempty"`  // what it was expected to take, if somebody planned it

	generation int64 // of the record in the store
}

// Totals counts what a batch saw and did.
type Totals struct {
	Seen         int64 `json:"seen"`      // photos in the source
	Fresh        int64 `json:"fresh"`     // of them, left alone
	Published    int64 `json:"published"` // of them, asked for
	Done         int64 `json:"done"`
	Skipped      int64 `json:"skipped"`
	Failed       int64 `json:"failed"`
	SourceBytes  int64 `json:"sourceBytes"`  // of the photos that are done
	WrittenBytes int64 `json:"writtenBytes"` // of their variants
}

// TotalsOf takes from a ledger's counts what they know.
func TotalsOf(s ledger.Summary) Totals {
	t := Totals{Done: s.Done, SourceBytes: s.SourceBytes}
	for _, n := range s.Skipped {
		t.Skipped += n
	}
	for _, n := range s.Failed {
		t.Failed += n
	}
	for _, w := range s.Written {
		t.WrittenBytes += w.Bytes
	}
	return t
}

// newID returns an id that sorts by the millisecond, the first three digits of its last part,
// and that no other batch has.
func newID(started time.Time) string {
	var b [4]byte
	rand.Read(b[:]) // never fails
	return fmt.Sprintf("%s-%03x%x", started.UTC().Format("20060102T150405Z"), started.UnixMilli()%1000, b)
}

// version of the record's form. Readers refuse a later one.
const version = 1

// The facts about records.
var (
	ErrRecord  = errors.New("not the record of a batch")
	ErrVersion = errors.New("written by a later version of Burnish")
	ErrChanged = errors.New("changed by somebody else")
)

// check reports what no batch can be.
func (b *Batch) check(id string) error {
	switch {
	case b.Version > version:
		return fmt.Errorf("%w: its version is %d, this one reads %d", ErrVersion, b.Version, version)
	case b.Version != version:
		return fmt.Errorf("%w: its version is %d", ErrRecord, b.Version)
	case b.ID != id:
		return fmt.Errorf("%w: it says that it is %q", ErrRecord, b.ID)
	case !slices.Contains([]Kind{Run, Backfill, Rerun}, b.Kind):
		return fmt.Errorf("%w: its kind is %q", ErrRecord, b.Kind)
	case !slices.Contains([]State{Running, Paused, Cancelled, Finished, Interrupted, Failed}, b.State):
		return fmt.Errorf("%w: its state is %q", ErrRecord, b.State)
	case b.Started.IsZero():
		return fmt.Errorf("%w: it never started", ErrRecord)
	}
	return nil
}
