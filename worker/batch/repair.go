package batch

import (
	"context"
	"errors"
	"fmt"
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

// Standing is what of a batch is still broken, as its ledger and those of its repairs tell.
type Standing struct {
	Broken  map[imaging.Reason]int64 `json:"broken"`  // failures that no repair has taken on, and those of the repairs
	Waiting int64                    `json:"waiting"` // failures that a repair has taken on and not ended yet
	Repairs []*Batch                 `json:"repairs"` // the oldest first, those of repairs after the one they repair
}

// maxRepairs bounds how many repairs of repairs are followed, should records contradict
// themselves.
const maxRepairs = 100

// Stands tells what of a batch is still broken, given what its ledger counts. It reads the
// record of each repair and the metadata of its ledger. Its figures are sums, as the
// Summary's: a failure that was recorded twice is counted as two, of which one is repaired.
func Stands(ctx context.Context, st store.Store, id string, sum ledger.Summary) (Standing, error) {
	s := Standing{Broken: make(map[imaging.Reason]int64), Repairs: []*Batch{}}
	return s, s.add(ctx, st, id, sum)
}

func (s *Standing) add(ctx context.Context, st store.Store, id string, sum ledger.Summary) error {
	for reason, n := range sum.Failed {
		s.Broken[reason] += n
	}
	for a, err := range st.List(ctx, store.Range{Prefix: repairs(id)}) {
		if err != nil {
			return fmt.Errorf("list repairs of batch %s in %s: %w", id, st, err)
		}
		if len(s.Repairs) == maxRepairs {
			return fmt.Errorf("batch %s has more than %d repairs, or they go round in circles", id, maxRepairs)
		}
		b, err := Load(ctx, st, path.Base(a.Name))
		if errors.Is(err, store.ErrNotExist) {
			continue // it died before it was a batch
		}
		if err != nil {
			return err
		}
		if err := s.repair(ctx, st, b); err != nil {
			return err
		}
	}
	return nil
}

// repair takes off what a repair has taken on, and adds what of that is broken still.
func (s *Standing) repair(ctx context.Context, st store.Store, b *Batch) error {
	s.Repairs = append(s.Repairs, b)
	sum, err := ledger.Summarize(ctx, st, b.ID)
	if err != nil {
		return err
	}
	var asked int64
	for reason, n := range b.Asked {
		asked += n
		if s.Broken[reason] -= n; s.Broken[reason] <= 0 {
			delete(s.Broken, reason)
		}
	}
	s.Waiting += max(0, asked-sum.Outcomes())
	return s.add(ctx, st, b.ID, sum)
}
