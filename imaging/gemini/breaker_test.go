package gemini

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestBreakerProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		b := newBreaker(slog.New(slog.NewTextHandler(&log, nil)))
		pass := func(want bool) func(error) {
			t.Helper()
			done, err := b.enter()
			if (err == nil) != want {
				t.Fatalf("let through: %v, want %v", err == nil, want)
			}
			return done
		}
		gone := &Error{Reason: ModelGone}
		pass(true)(gone)
		pass(false)
		time.Sleep(firstProbe)
		probe := pass(true)
		pass(false) // while one tries
		probe(gone)
		time.Sleep(firstProbe)
		pass(false) // the next wait is longer
		time.Sleep(firstProbe)
		pass(true)(&Error{Reason: Unavailable}) // says nothing about the model
		pass(true)(nil)
		pass(true)(&Error{Reason: Refused})
		pass(true)
		if stopped, on := strings.Count(log.String(), "edits are stopped"), strings.Count(log.String(), "edits go on"); stopped != 1 || on != 1 {
			t.Errorf("told:\n%s", &log)
		}
	})
}

func TestPaceKeepsToItsShareAndQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(60)
		start := time.Now()
		for range 66 { // 6 at once, then one a second
			if err := p.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != time.Minute {
			t.Errorf("66 requests in %v", took)
		}
		p.pause(time.Hour)
		p.pause(time.Minute) // does not shorten it
		if err := p.wait(t.Context()); err != nil || time.Since(start) < time.Hour {
			t.Errorf("quiet for %v, %v", time.Since(start), err)
		}
	})
}

func TestWaitIsJitteredAndBounded(t *testing.T) {
	for attempt := range 40 {
		if w := wait(attempt+1, 0); w < 0 || w >= lastWait || (attempt == 0 && w >= firstWait) {
			t.Errorf("attempt %d waits %v", attempt+1, w)
		}
	}
	if w := wait(1, time.Minute); w < time.Minute || w > 90*time.Second {
		t.Errorf("asked for a minute: %v", w)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-7": 0, "soon": 0, "99999999": maxWait,
		"Fri, 27 Nov 2026 12:00:30 GMT": 30 * time.Second,
		"Fri, 27 Nov 2026 11:00:00 GMT": 0,
		"Fri, 27 Nov 2099 11:00:00 GMT": maxWait,
	} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}
