package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"burnish/imaging"
	"burnish/queue"
)

// wireVersion is that of the JSON form. Readers refuse a later one.
const wireVersion = 1

// wire is an outcome on its way from a worker to a recorder. Both may be of different
// releases, so fields are added, never renamed; what a reader does not know it passes over.
type wire struct {
	Version     int                        `json:"version"`
	Batch       string                     `json:"batch,omitempty"`
	Key         queue.Key                  `json:"key"`
	Generation  int64                      `json:"generation,string"` // JavaScript's numbers end at 2^53
	Lane        queue.Lane                 `json:"lane"`
	Status      Status                     `json:"status"`
	Reason      imaging.Reason             `json:"reason,omitempty"`
	Message     string                     `json:"message,omitempty"`
	Recipe      string                     `json:"recipe,omitempty"`
	Fingerprint string                     `json:"fingerprint,omitempty"`
	Attempt     int                        `json:"attempt"`
	SourceBytes int64                      `json:"sourceBytes"`
	Written     map[imaging.Format]written `json:"written,omitempty"`
	CPUMillis   int64                      `json:"cpuMillis"`
	Millis      int64                      `json:"elapsedMillis"`
	Ended       time.Time                  `json:"ended"`
}

type written struct {
	Variants int   `json:"variants"`
	Bytes    int64 `json:"bytes"`
}

// ErrWire reports bytes that are not the JSON form of an outcome that a segment can hold.
var ErrWire = errors.New("not an outcome")

// MarshalJSON returns the form in which outcomes travel. Messages are cut to what a segment
// holds, times to milliseconds.
func (o Outcome) MarshalJSON() ([]byte, error) {
	w := wire{
		Version: wireVersion, Batch: o.Batch, Key: o.Key, Generation: o.Generation, Lane: o.Lane,
		Status: o.Status, Reason: o.Reason, Message: clip(o.Message), Recipe: o.Recipe, Fingerprint: o.Fingerprint,
		Attempt: o.Attempt, SourceBytes: o.SourceBytes,
		CPUMillis: o.CPU.Round(time.Millisecond).Milliseconds(),
		Millis:    o.Elapsed.Round(time.Millisecond).Milliseconds(),
		Ended:     o.Ended.UTC().Truncate(time.Millisecond),
	}
	for format, n := range o.Written {
		if w.Written == nil {
			w.Written = make(map[imaging.Format]written)
		}
		w.Written[format] = written(n)
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads what MarshalJSON writes. An outcome that no segment could hold is ErrWire.
func (o *Outcome) UnmarshalJSON(data []byte) error {
	var w wire
	if err := json.Unmarshal(data, &w); err != nil {
		return fmt.Errorf("%w: %w", ErrWire, err)
	}
	if w.Version != wireVersion {
		return fmt.Errorf("%w of a version that is known: its version is %d, this one reads %d", ErrWire, w.Version, wireVersion)
	}
	read := Outcome{
		Batch: w.Batch, Key: w.Key, Generation: w.Generation, Lane: w.Lane,
		Status: w.Status, Reason: w.Reason, Message: w.Message, Recipe: w.Recipe, Fingerprint: w.Fingerprint,
		Attempt: w.Attempt, SourceBytes: w.SourceBytes,
		CPU:     time.Duration(w.CPUMillis) * time.Millisecond,
		Elapsed: time.Duration(w.Millis) * time.Millisecond,
		Ended:   w.Ended,
	}
	for format, n := range w.Written {
		if read.Written == nil {
			read.Written = make(map[imaging.Format]Written)
		}
		read.Written[format] = Written(n)
	}
	if err := read.check(); err != nil {
		return fmt.Errorf("%w: %w", ErrWire, err)
	}
	*o = read
	return nil
}

// check reports what a Writer of the outcome's batch would refuse.
func (o Outcome) check() error {
	if o.Key == "" {
		return errors.New("it names no key")
	}
	if o.Ended.IsZero() {
		return errors.New("it has no time")
	}
	if o.Batch != "" {
		if err := CheckBatch(o.Batch); err != nil {
			return err
		}
	}
	_, err := rowOf(o, o.Batch)
	return err
}
