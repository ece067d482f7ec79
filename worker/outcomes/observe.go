package outcomes

import (
	"fmt"
	"time"

	"burnish/worker/ledger"
)

// Observer is told what a recorder does. Its methods must not block.
type Observer interface {
	// Took is called for each outcome that has come, of a worker or of a dead letter. One that
	// could not be written comes again.
	Took(o ledger.Outcome, dead bool)
	// Wrote is called when a pile of so many outcomes stands in the ledger, or with the error.
	Wrote(outcomes int, err error)
}

// nobody observes nothing.
type nobody struct{}

func (nobody) Took(ledger.Outcome, bool) {}
func (nobody) Wrote(int, error)          {}

// Pending returns how many outcomes have come and are not written yet, and since when the
// oldest of them waits; the zero time if there is none.
func (r *Recorder) Pending() (n int, oldest time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range []*pile{r.writing, r.pending} {
		if p == nil || len(p.messages) == 0 {
			continue
		}
		n += len(p.messages)
		if oldest.IsZero() {
			oldest = p.since
		}
	}
	return n, oldest
}

// Stalled returns an error if an outcome has waited for longer than writing can take, so that
// nothing is being written any more.
func (r *Recorder) Stalled() error {
	_, oldest := r.Pending()
	limit := r.opts.Age + patience + time.Minute
	if oldest.IsZero() || time.Since(oldest) < limit {
		return nil
	}
	return fmt.Errorf("an outcome has been waiting to be written since %s, over %v", oldest.UTC().Format(time.RFC3339), limit)
}
