// Package queue is where a key comes in and its ack goes out.
package queue

import (
	"context"
	"time"
)

// Key names a photo: the path of its object below the source, with slashes. It is a string
// of bytes; only its text form is always UTF-8.
type Key string

// Lane is a stream of jobs with a priority of its own: one topic and subscription each.
type Lane string

// The lanes, most urgent first.
const (
	Upload   Lane = "upload"
	Rerun    Lane = "rerun"
	Backfill Lane = "backfill"
)

// Lanes lists all lanes, most urgent first.
var Lanes = []Lane{Upload, Rerun, Backfill}

// Job asks for one photo to be done.
type Job struct {
	Key        Key    `json:"key"`
	Generation int64  `json:"generation,omitempty"` // of the source; 0: whichever is newest
	Batch      string `json:"batch,omitempty"`
	Recipe     string `json:"recipe,omitempty"` // SHA-256 of one that the destination keeps; empty: the worker's own
}

// Delivery is one attempt at a job.
type Delivery struct {
	Job
	Lane    Lane
	ID      string    // of the message; the same at every attempt
	Attempt int       // 1 for the first
	Sent    time.Time // when the job was published
}

// Disposition is what a handler wants done with a delivery: Ack, or Retry after a while.
// The zero value is Ack.
type Disposition struct {
	retry bool
	after time.Duration
}

// Ack settles the job: it is not delivered again.
var Ack = Disposition{}

// Retry asks for another delivery no sooner than after the given time.
func Retry(after time.Duration) Disposition { return Disposition{retry: true, after: after} }

// Retry reports whether another delivery is wanted, and how long it should wait.
func (d Disposition) Retry() (after time.Duration, ok bool) { return d.after, d.retry }

// Handler works on one delivery. Its context outlives the one given to Receive, so that what
// is in hand can be finished after a stop; it ends when the lease cannot be held any longer.
type Handler func(context.Context, Delivery) Disposition

// Publisher sends jobs to a lane. It blocks while the lane is full. A job is accepted when
// Publish returns nil; when it returns an error, each job may or may not have been accepted.
type Publisher interface {
	Publish(ctx context.Context, lane Lane, jobs ...Job) error
}

// Subscriber hands out the deliveries of every lane, to as many handlers of each at once as it
// has slots. So no lane waits for another; whose turn it is at what all of them need, such as
// the CPU, is for a Gate to say.
type Subscriber interface {
	// Receive blocks until ctx ends and every handler has returned. It returns nil after a
	// stop that was asked for, or the error that made it give up.
	Receive(ctx context.Context, handle Handler) error
}
