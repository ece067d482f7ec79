package outcomes

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"burnish/worker/ledger"
	"burnish/worker/store"
)

// digestEvery is how often a recorder looks whether a batch that it writes to has enough that is
// settled for a digest.
const digestEvery = 20 * time.Minute

// digests keeps the digests of those batches up to date that a recorder writes to.
type digests struct {
	dest store.Store
	log  *slog.Logger

	last map[string]time.Time // when each batch had its turn
	busy sync.Mutex           // one round at a time
}

// due takes note of batches that have been written to, and begins a round for those whose turn
// it is unless one is under way. The round belongs to the group and ends with ctx.
func (d *digests) due(ctx context.Context, group *sync.WaitGroup, written []string) {
	if !d.busy.TryLock() {
		return
	}
	maps.DeleteFunc(d.last, func(_ string, at time.Time) bool { return time.Since(at) >= digestEvery })
	var turn []string
	for _, batch := range slices.Sorted(slices.Values(written)) {
		if _, had := d.last[batch]; !had {
			d.last[batch] = time.Now()
			turn = append(turn, batch)
		}
	}
	group.Go(func() {
		defer d.busy.Unlock()
		for _, batch := range turn {
			d.digest(ctx, batch)
		}
	})
}

// digest does no harm when it fails: readers then have more to read.
func (d *digests) digest(ctx context.Context, batch string) {
	n, err := ledger.Digest(ctx, d.dest, batch)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		d.log.Warn("ledger is not digested", "batch", batch, "again in", digestEvery, "error", err)
	case n > 0:
		d.log.Debug("ledger digested", "batch", batch, "digests", n)
	}
}
