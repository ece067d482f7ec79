package batch

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path"

	"burnish/imaging"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

// A batch that repairs another says so in its record. For the other way round, from the old
// batch to its repairs, there is an empty object among what is kept of the old one, so that its
// status need not read the records of all batches since.
func repairs(id string) string { return ledger.Folder(id) + "repairs/" }

// mark leaves word with the batch that b repairs.
func (b *Batch) mark(ctx context.Context, st store.Store) error {
	if b.Repairs == "" {
		return nil
	}
	name := repairs(b.Repairs) + b.ID
	_, err := st.Write(ctx, name, nil, store.WriteOptions{If: store.Any, ContentType: "text/plain"})
	if err != nil {
		return fmt.Errorf("write %s to %s: %w", name, st, err)
	}
	return nil
}

// repairsOf yields the records of the reruns of a batch, the oldest first. One that cannot be read
// is an error, and the walk goes on; an error of the listing ends it.
func repairsOf(ctx context.Context, st store.Store, id string) iter.Seq2[*Batch, error] {
	return func(yield func(*Batch, error) bool) {
		for a, err := range st.List(ctx, store.Range{Prefix: repairs(id)}) {
			if err != nil {
				yield(nil, fmt.Errorf("list repairs of batch %s in %s: %w", id, st, err))
				return
			}
			b, err := Load(ctx, st, path.Base(a.Name))
			if errors.Is(err, store.ErrNotExist) {
				continue // it died before it was a batch
			}
			if !yield(b, err) {
				return
			}
		}
	}
}

// Standing is what of a batch is still broken, as its ledger and its repairs tell.
type Standing struct {
	Broken  map[imaging.Reason]int64 `json:"broken"`
	Waiting int64                    `json:"waiting"` // failures that a repair has taken on and not ended yet
	Dropped int64                    `json:"dropped"` // those that it had not ended when it was stopped or died
	Repairs []*Batch                 `json:"repairs"` // the oldest first, those of a repair after it
}

// maxRepairs bounds how many repairs of repairs are followed, should records contradict
// themselves.
const maxRepairs = 100

// Stands tells what of a batch is still broken, given what its ledger counts. It reads the
// record of each repair and the metadata of its ledger.
//
// A repair goes through all failures before it begins, and its record says which it has taken
// on and what it has left: so the last one knows what was broken then, photo by photo. Of the
// repair itself, and of a batch that has none, there are only sums, in which a photo that failed
// twice counts twice.
func Stands(ctx context.Context, st store.Store, id string, sum ledger.Summary) (Standing, error) {
	s := Standing{Broken: make(map[imaging.Reason]int64), Repairs: []*Batch{}}
	return s, s.add(ctx, st, id, sum)
}

// add adds what of a batch is broken.
func (s *Standing) add(ctx context.Context, st store.Store, id string, sum ledger.Summary) error {
	var last *Batch
	for b, err := range repairsOf(ctx, st, id) {
		if err != nil {
			return err
		}
		if len(s.Repairs) == maxRepairs {
			return fmt.Errorf("batch %s has more than %d repairs, or they go round in circles", id, maxRepairs)
		}
		s.Repairs = append(s.Repairs, b)
		last = b
	}
	if last == nil {
		addReasons(s.Broken, sum.Failed)
		return nil
	}
	addReasons(s.Broken, last.Left)
	sum, err := ledger.Summarize(ctx, st, last.ID)
	if err != nil {
		return err
	}
	var asked int64
	for _, n := range last.Asked {
		asked += n
	}
	left := max(0, asked-sum.Outcomes())
	switch last.State {
	case Finished: // what was done in the last moment before a death may have no outcome
	case Running, Paused:
		s.Waiting += left
	default:
		s.Dropped += left
	}
	return s.add(ctx, st, last.ID, sum)
}

func addReasons(to, more map[imaging.Reason]int64) {
	for reason, n := range more {
		to[reason] += n
	}
}
