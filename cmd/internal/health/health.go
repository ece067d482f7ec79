// Package health answers whether a process lives, and whether it can do its work.
//
// What the work needs is asked in the background, each part as often as it says, so that a
// probe costs nothing and nobody is asked more than once in a while.
package health

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

// Check is a part that the work needs.
type Check struct {
	Name  string
	Every time.Duration
	// Ask reports why the part cannot be used. Its context ends after a few seconds; an answer
	// that comes later is none.
	Ask func(context.Context) error
}

// patience is how long a part may take to answer.
const patience = 5 * time.Second

// phase is where a process is in its life.
type phase string

const (
	starting phase = "starting"
	working  phase = "working"
	stopping phase = "stopping"
)

// Health is the state of one process.
type Health struct {
	log     *slog.Logger
	mu      sync.Mutex
	phase   phase
	alive   func() error
	answers map[string]answer
}

// New returns the state of a process that is starting. The logger hears of parts that fail and
// of their coming back.
func New(log *slog.Logger) *Health { return &Health{log: log, phase: starting} }

// answer is what a part last said.
type answer struct {
	err   error
	at    time.Time // when it was asked
	since time.Time // when it first said the same: fine, or not
	every time.Duration
}

var (
	errNotAsked = errors.New("has not answered yet")
	errSilent   = errors.New("does not answer")
)

// Watch asks the parts until ctx ends, and says whether the process lives by alive. From now on
// it is working, unless it is stopping already. Nobody waits for a part that never answers, such
// as a file system whose server is gone.
func (h *Health) Watch(ctx context.Context, alive func() error, checks ...Check) {
	h.mu.Lock()
	if h.phase == starting {
		h.phase = working
	}
	h.alive = alive
	h.answers = make(map[string]answer, len(checks))
	for _, c := range checks {
		h.answers[c.Name] = answer{err: errNotAsked, at: time.Now(), since: time.Now(), every: c.Every}
	}
	h.mu.Unlock()
	for _, c := range checks {
		go h.watch(ctx, c)
	}
}

func (h *Health) watch(ctx context.Context, c Check) {
	tick := time.NewTicker(c.Every)
	defer tick.Stop()
	for {
		asked := time.Now()
		asking, cancel := context.WithTimeout(ctx, patience)
		err := c.Ask(asking)
		cancel()
		h.note(c, asked, err)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (h *Health) note(c Check, asked time.Time, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a, last := answer{err: err, at: asked, since: asked, every: c.Every}, h.answers[c.Name]
	first := errors.Is(last.err, errNotAsked)
	switch {
	case !first && (last.err == nil) == (err == nil):
		a.since = last.since
	case err != nil && h.phase != stopping:
		h.log.Warn("not ready", "check", c.Name, "error", err)
	case err == nil && !first:
		h.log.Info("ready again", "check", c.Name, "after", asked.Sub(last.since).Round(time.Second))
	}
	h.answers[c.Name] = a
}

// Stop says that the process takes nothing new any more.
func (h *Health) Stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.phase = stopping
}

// live reports why the process should be ended by force, or returns nil.
func (h *Health) live() error {
	h.mu.Lock()
	alive := h.alive
	h.mu.Unlock()
	if alive == nil {
		return nil
	}
	return alive()
}

// status is the answer to whether a process is ready.
type status struct {
	Ready  bool             `json:"ready"`
	Phase  phase            `json:"phase"`
	Checks map[string]state `json:"checks,omitempty"`
}

// state is what is known of one part.
type state struct {
	OK    bool      `json:"ok"`
	Since time.Time `json:"since"`
	Error string    `json:"error,omitempty"`
}

func (h *Health) status(now time.Time) status {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := status{Phase: h.phase, Checks: make(map[string]state)}
	s.Ready = s.Phase == working
	for _, name := range slices.Sorted(maps.Keys(h.answers)) {
		a := h.answers[name]
		if silent := now.Sub(a.at); silent > 2*a.every+patience {
			a.err, a.since = fmt.Errorf("%w for %v", errSilent, silent.Round(time.Second)), a.at
		}
		st := state{OK: a.err == nil, Since: a.since.UTC().Truncate(time.Second)}
		if a.err != nil {
			st.Error = a.err.Error()
			s.Ready = false
		}
		s.Checks[name] = st
	}
	return s
}
