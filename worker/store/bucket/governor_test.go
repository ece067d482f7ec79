package bucket

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/api/googleapi"

	"burnish/worker/store"
)

// flood writes as fast as it may for a while, and returns how often it did.
func flood(t *testing.T, g *governor, d time.Duration) (n int) {
	t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); n++ {
		if err := g.wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// about reports whether a rate is what it should be within a hundredth.
func about(got, want float64) bool { return math.Abs(got-want) <= want/100 }

func TestRamp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGovernor(10, 60)
		if n := flood(t, g, 10*time.Second); n < 100 || n > 103 {
			t.Errorf("%d writes in the first 10 s at 10 a second", n)
		}
		for _, want := range []float64{20, 40, 60, 60} { // it doubles, to the top
			flood(t, g, doubling)
			if got := float64(g.limiter.Limit()); !about(got, want) {
				t.Fatalf("after %v more, %.2f writes a second, want %.0f", doubling, got, want)
			}
		}
	})
}

// A process that had nothing to write for hours must not begin at the top.
func TestRampWaitsForUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGovernor(10, 1000)
		time.Sleep(10 * time.Hour)
		for range 3600 { // one a second is far below what it may
			if err := g.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if got := float64(g.limiter.Limit()); got != 10 {
			t.Errorf("%.2f writes a second without need", got)
		}
	})
}

func TestComplaintsHalve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGovernor(100, 1000)
		for _, tt := range []struct {
			err  error
			want float64
		}{
			{nil, 100},
			{errors.New("connection reset"), 100},
			{&googleapi.Error{Code: 412}, 100},
			{&googleapi.Error{Code: 403}, 100},
			{fmt.Errorf("wrapped: %w", &googleapi.Error{Code: 429}), 50},
			{&googleapi.Error{Code: 503}, 25},
			{&googleapi.Error{Code: 403, Errors: []googleapi.ErrorItem{{Reason: "rateLimitExceeded"}}}, 12.5},
		} {
			for range 16 { // requests that were on their way together
				g.learn(tt.err)
			}
			if got := float64(g.limiter.Limit()); got != tt.want {
				t.Errorf("after %v, %.2f writes a second, want %.2f", tt.err, got, tt.want)
			}
			time.Sleep(calm)
		}
		for range 100 {
			g.learn(&googleapi.Error{Code: 429})
			time.Sleep(calm)
		}
		if err := g.wait(t.Context()); err != nil {
			t.Errorf("after a hundred complaints: %v", err)
		}
	})
}

func TestWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGovernor(0.1, 1)
		if err := g.wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		soon, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		before := time.Now()
		if err := g.wait(soon); !errors.Is(err, store.ErrThrottled) || time.Now() != before {
			t.Errorf("with 5 s for a turn in 10: %v after %v", err, time.Since(before))
		}
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, stop)
		if err := g.wait(ctx); !errors.Is(err, context.Canceled) || time.Since(before) != time.Second {
			t.Errorf("stopped after a second: %v after %v", err, time.Since(before))
		}
		if err := g.wait(t.Context()); err != nil || time.Since(before) > 11*time.Second {
			t.Errorf("those who gave up have kept their turns: %v after %v", err, time.Since(before))
		}
	})
}
