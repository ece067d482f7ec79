package batch

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"

	"burnish/imaging"
	"burnish/worker/ledger"
)

// Stop says when a batch stops itself: when of the outcomes since it began, or went on, more
// than a share failed. Shares are 0 to 1.
type Stop struct {
	After   int64                      `json:"after"`             // outcomes before it is judged at all
	Share   float64                    `json:"share"`             // of all failures together; 1 for never
	Reasons map[imaging.Reason]float64 `json:"reasons,omitempty"` // of the failures of single reasons
}

// DefaultStop stops a batch of which more than half fails.
var DefaultStop = Stop{After: 1000, Share: 0.5}

// judge counts outcomes until too many failed.
type judge struct {
	stop Stop

	mu     sync.Mutex
	all    int64
	failed map[imaging.Reason]int64
}

// reset forgets what was counted: a batch that goes on is judged anew.
func (j *judge) reset() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.all, j.failed = 0, nil
}

func (j *judge) count(o ledger.Outcome) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.all++
	if o.Status == ledger.Failed {
		if j.failed == nil {
			j.failed = make(map[imaging.Reason]int64)
		}
		j.failed[o.Reason]++
	}
}

// verdict says why the batch should stop, or "".
func (j *judge) verdict() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.all < j.stop.After || j.all == 0 {
		return ""
	}
	var sum int64
	for _, reason := range slices.SortedFunc(maps.Keys(j.failed), j.compare) {
		n := j.failed[reason]
		sum += n
		if limit, ok := j.stop.Reasons[reason]; ok && float64(n) > limit*float64(j.all) {
			return fmt.Sprintf("stopped itself: %d of %d photos failed as %s, more than %.3g %%", n, j.all, reason, 100*limit)
		}
	}
	if float64(sum) > j.stop.Share*float64(j.all) {
		most := slices.MinFunc(slices.Collect(maps.Keys(j.failed)), j.compare)
		return fmt.Sprintf("stopped itself: %d of %d photos failed, more than %.3g %%, most of them as %s", sum, j.all, 100*j.stop.Share, most)
	}
	return ""
}

// compare puts the commonest reason first.
func (j *judge) compare(a, b imaging.Reason) int {
	return cmp.Or(cmp.Compare(j.failed[b], j.failed[a]), cmp.Compare(a, b))
}
