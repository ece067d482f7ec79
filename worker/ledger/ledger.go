// Package ledger keeps the outcome of every job, as Parquet segments in a store.
//
// A batch has any number of segments in burnish/batches/<batch>/ledger/. None is ever changed
// or needed by another, so writers need not know of each other, and DuckDB and BigQuery read
// the folder as it stands. A segment's counts stand in its object's metadata too. Beside them, in
// digests/, are summaries that only spare readers work: what they say is in the segments.
package ledger

import (
	"time"

	"burnish/imaging"
	"burnish/queue"
)

// Status is how a job ended.
type Status string

// Every accepted job ends in exactly one of these.
const (
	Done    Status = "done"
	Skipped Status = "skipped"
	Failed  Status = "failed"
)

// Outcome is the end of one job.
type Outcome struct {
	Batch       string
	Key         queue.Key
	Generation  int64 // of the source
	Lane        queue.Lane
	Status      Status
	Reason      imaging.Reason // empty when done
	Message     string         // what was wrong, in words; empty when done
	Recipe      string
	Fingerprint string
	Attempt     int
	SourceBytes int64
	// Written is the bytes and number of the variants per format.
	Written map[imaging.Format]Written
	CPU     time.Duration // of the imager
	Elapsed time.Duration // from the delivery to the outcome
	Ended   time.Time
}

// Written counts the variants of one format.
type Written struct {
	Variants int
	Bytes    int64
}
