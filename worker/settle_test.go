package worker

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"burnish/imaging"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

func TestSettle(t *testing.T) {
	const attempts = 5
	for _, tt := range []struct {
		name    string
		err     error
		attempt int
		end     end
		status  ledger.Status
		reason  imaging.Reason
	}{
		{"done", nil, 1, record, ledger.Done, ""},
		{"fresh", errFresh, 1, record, ledger.Skipped, imaging.Fresh},
		{"superseded", errSuperseded, 1, record, ledger.Skipped, imaging.Superseded},
		{"somebody's file", errNotAPhoto, 1, record, ledger.Skipped, imaging.NotAPhoto},
		{"cancelled", errCancelled, 1, record, ledger.Skipped, imaging.Cancelled},
		{"link", store.ErrLink, 1, record, ledger.Skipped, imaging.Link},
		{"corrupt", imaging.ErrCorrupt, 1, record, ledger.Failed, imaging.Corrupt},
		{"truncated", imaging.ErrTruncated, 1, record, ledger.Failed, imaging.Truncated},
		{"unsupported", imaging.ErrUnsupported, 1, record, ledger.Failed, imaging.Unsupported},
		{"too many pixels", imaging.ErrTooLarge, 1, record, ledger.Failed, imaging.TooLarge},
		{"too many bytes", store.ErrTooLarge, 1, record, ledger.Failed, imaging.TooLarge},
		{"gone", store.ErrNotExist, 1, record, ledger.Failed, imaging.NotFound},
		{"impossible name", store.ErrName, 1, record, ledger.Failed, imaging.Unsupported},
		{"first crash", imaging.ErrCrashed, 1, again, ledger.Failed, imaging.Crashed},
		{"second crash", imaging.ErrCrashed, 2, record, ledger.Failed, imaging.Crashed},
		{"first timeout", imaging.ErrTimeout, 1, again, ledger.Failed, imaging.Timeout},
		{"second timeout", imaging.ErrTimeout, 2, record, ledger.Failed, imaging.Timeout},
		{"throttled", store.ErrThrottled, 4, again, ledger.Failed, imaging.Throttled},
		{"throttled to the end", store.ErrThrottled, 5, record, ledger.Failed, imaging.Throttled},
		{"unavailable", store.ErrUnavailable, 4, again, ledger.Failed, imaging.Unavailable},
		{"unavailable to the end", store.ErrUnavailable, 5, record, ledger.Failed, imaging.Unavailable},
		{"condition lost again and again", store.ErrCondition, 1, again, ledger.Failed, imaging.Unavailable},
		{"unreadable photo", store.ErrDenied, 2, record, ledger.Failed, imaging.Unavailable},
		{"full disk", destination(store.ErrFull), 1, halt, ledger.Failed, imaging.Unavailable},
		{"read-only disk", destination(store.ErrDenied), 1, halt, ledger.Failed, imaging.Unavailable},
		{"no imager", imaging.ErrEngine, 1, halt, ledger.Failed, imaging.Unavailable},
		{"unheard of", errors.New("?"), 4, again, ledger.Failed, imaging.Internal},
		{"unheard of to the end", errors.New("?"), 5, record, ledger.Failed, imaging.Internal},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.err
			if err != nil {
				err = fmt.Errorf("somewhere: %w", err)
			}
			got := settle(err, tt.attempt, attempts)
			if got.end != tt.end || got.status != tt.status || got.reason != tt.reason {
				t.Errorf("settle = %+v, want end %d, %s %s", got, tt.end, tt.status, tt.reason)
			}
		})
	}
}

func TestSettleEndsEverything(t *testing.T) {
	// Whatever the trouble, attempts are bounded: a job that is only ever tried again is lost.
	for _, r := range rules {
		if r.patience == stop {
			continue
		}
		for attempts := 1; attempts <= 3; attempts++ {
			if got := settle(r.fact, attempts, attempts); got.end != record {
				t.Errorf("%v at attempt %d of %d: end %d, want an outcome", r.fact, attempts, attempts, got.end)
			}
		}
	}
}

func TestBackoffStaysBelowItsCeiling(t *testing.T) {
	for attempt := 1; attempt < 100; attempt++ {
		if d := backoff(attempt); d < 0 || d > 30*time.Second {
			t.Fatalf("backoff(%d) = %v", attempt, d)
		}
	}
}
