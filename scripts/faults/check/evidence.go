// Package check judges a run of the fault harness: what was asked for against what came of it.
//
// It knows nothing of processes and services. All it needs is in Evidence, which a run writes
// down, so that it can be judged again later.
package check

import (
	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ledger"
)

// Evidence is everything that a run leaves behind.
type Evidence struct {
	Jobs      []Job                   // every job that a lane has taken
	Malformed []queue.Key             // the ledger's names of the messages that are no jobs
	Photos    map[queue.Key][]Content // all that was ever uploaded, the newest last
	Gone      map[queue.Key]bool      // photos that were deleted at some time
	Absent    map[queue.Key]bool      // photos that are not there at the end

	Acked     map[string]int               // message ids, and how many outcomes had been published before the ack
	Published []ledger.Outcome             // by workers, in the order in which the topic took them
	Ledger    []ledger.Outcome             // as its readers count them
	Failures  map[queue.Key]imaging.Reason // as `burnish failures` lists them

	Manifests map[queue.Key]Manifest // in the destination
	Clean     map[queue.Key]Manifest // what a run without faults makes of the final photos
	Objects   map[string]Object      // variants in the destination, by name
	Writes    []Write                // into the destination, in the order in which they took place

	Unacked []string // what is left on a subscription, in words
	Strays  []string // processes that ended by themselves, or outlived those they belong to
	Faults  Faults
}

// Job is a job that a lane has taken.
type Job struct {
	queue.Job
	ID    string // of its message
	Lane  queue.Lane
	Since int64 // the photo's generation at that time; 0 if there was none
}

// Content says what one generation of a photo was, and so how it must end.
type Content struct {
	Generation int64
	Kind       Kind
}

// Kind is what a photo was made to be.
type Kind string

// The kinds of photos. Good ones are published; each of the others ends in its own way.
const (
	Good        Kind = "good"
	Corrupt     Kind = "corrupt"
	Truncated   Kind = "truncated"
	Unsupported Kind = "unsupported"
	NotAPhoto   Kind = "not_a_photo"
	Crashes     Kind = "crashes" // the imager dies on it
	Hangs       Kind = "hangs"   // the imager does not come back from it
)

// Manifest is what it says of a photo.
type Manifest struct {
	Source   int64 // the generation of the photo
	Variants map[string]Object
}

// Object is a coded picture, by what a manifest says of it or by what stands there.
type Object struct {
	Generation int64 // of the object; 0 in a folder
	Bytes      int64
	SHA256     string // in hexadecimal; empty in a manifest of the destination, which has none
	Damage     string // why it cannot be read, its checksum being wrong for instance
}

// Write is one that took place.
type Write struct {
	Object     string
	Generation int64 // of the object
	Source     int64 // the generation of the photo that it was made from; 0 for what is made from none
}

// Faults counts what can make a good photo fail for a while: what such a failure is excused by.
type Faults struct {
	Workers, Recorders, Imagers int            // killed
	Frozen                      int            // for longer than a lease
	Stopped                     int            // by SIGTERM
	Services                    map[string]int // requests and messages that met a fault, by its name
}

// Violation is something that must not be.
type Violation struct {
	Rule string // one of the names in Rules
	What string
}

// Rules are what a run is judged by.
var Rules = []struct {
	Name, Says string
	broken     func(*Evidence) []string
}{
	{"lost", "every accepted job has an outcome", lost},
	{"early", "no job is acked before an outcome of it is published", early},
	{"malformed", "every message that is no job ends as malformed", malformed},
	{"unrecorded", "every published outcome is in the ledger", unrecorded},
	{"twice", "no job has two final outcomes", twice},
	{"wrong", "every outcome is one that the photo can have", wrong},
	{"reported", "failures lists what is broken and nothing else", reported},
	{"unpublished", "every good photo is published at its last generation", unpublished},
	{"variants", "what a manifest names stands there, undamaged", variants},
	{"pixels", "every variant equals that of a run without faults", pixels},
	{"overwritten", "nothing made from an older generation replaced what was made from a newer one", overwritten},
	{"unacked", "nothing is left unacked", func(e *Evidence) []string { return e.Unacked }},
	{"strays", "every process ended as it should", func(e *Evidence) []string { return e.Strays }},
}

// Violations judges the evidence. None means that the run has passed.
func Violations(e *Evidence) []Violation {
	var all []Violation
	for _, r := range Rules {
		for _, what := range r.broken(e) {
			all = append(all, Violation{r.Name, what})
		}
	}
	return all
}
