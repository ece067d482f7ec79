package ordered_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"burnish/worker/ordered"
)

var errOdd = errors.New("odd")

// numbers yields 0 to n-1, and an error after each seventh.
func numbers(n int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if !yield(i, nil) || i%7 == 6 && !yield(0, errOdd) {
				return
			}
		}
	}
}

func TestMap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int64
		do := func(_ context.Context, i int) (string, error) {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			time.Sleep(time.Duration(100-i) * time.Second) // the later, the sooner
			if i == 13 {
				return "", errors.New("unlucky")
			}
			return fmt.Sprint(i), nil
		}
		next, failed := 0, 0
		for s, err := range ordered.Map(t.Context(), 5, numbers(50), do) {
			switch {
			case errors.Is(err, errOdd):
				failed++
				if next%7 != 0 {
					t.Errorf("an error before %d", next)
				}
				continue
			case err != nil && next != 13 || err == nil && s != fmt.Sprint(next):
				t.Errorf("%q, %v in place of %d", s, err, next)
			}
			next++
		}
		if next != 50 || failed != 7 {
			t.Errorf("%d results and %d errors, want 50 and 7", next, failed)
		}
		if n := most.Load(); n < 2 || n > 6 {
			t.Errorf("%d at once, want up to 5 and the one that is handed on", n)
		}
	})
}

func TestMapCanBeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended atomic.Int64
		do := func(ctx context.Context, i int) (int, error) {
			defer ended.Add(1)
			if i > 3 {
				<-ctx.Done()
			}
			return i, nil
		}
		for i := range ordered.Map(t.Context(), 4, numbers(1000), do) {
			if i == 2 {
				break
			}
		}
		if n := ended.Load(); n < 3 || n > 10 {
			t.Errorf("%d were begun and have ended", n)
		}
	})
}
