package worker

import (
	"cmp"
	"context"
	"sync"

	"golang.org/x/sync/semaphore"

	"burnish/queue"
)

// budget bounds the bytes of the photos that are fetched and not yet being worked on. Each lane
// has an equal share of it: an upload does not wait for room behind a backfill, nor the other
// way round.
type budget struct {
	share int64 // bytes
	lanes map[queue.Lane]*semaphore.Weighted
}

func newBudget(bytes int64) *budget {
	b := &budget{
		share: max(1, bytes/int64(len(queue.Lanes))),
		lanes: make(map[queue.Lane]*semaphore.Weighted),
	}
	for _, lane := range queue.Lanes {
		b.lanes[lane] = semaphore.NewWeighted(b.share)
	}
	return b
}

// take waits, first come, first served, until there is room for a photo of n bytes; one that is
// larger than the whole share gets in alone. The caller gives the room back once; more often
// does no harm.
func (b *budget) take(ctx context.Context, lane queue.Lane, n int64) (release func(), err error) {
	n = min(n, b.share)
	free := cmp.Or(b.lanes[lane], b.lanes[queue.Backfill]) // what has no lane is in no hurry
	if err := free.Acquire(ctx, n); err != nil {
		return nil, err
	}
	return sync.OnceFunc(func() { free.Release(n) }), nil
}
