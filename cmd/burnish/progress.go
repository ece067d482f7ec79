package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/term"

	"burnish/worker/ledger"
)

// progress tells a person how far a run is: a bar on a terminal, a line now and then elsewhere.
type progress struct {
	start  time.Time
	found  atomic.Int64 // photos in the source, so far
	walked atomic.Bool  // found is final
	fresh  atomic.Int64 // of them, left alone
	ended  atomic.Int64 // of the others, with an outcome
	failed atomic.Int64

	stop chan struct{}
	done sync.WaitGroup
}

// How often progress is told: on a terminal, and where lines add up.
const (
	barInterval   = 200 * time.Millisecond
	plainInterval = 10 * time.Second
)

// newProgress starts telling.
func newProgress(out *os.File) *progress {
	p := &progress{start: time.Now(), stop: make(chan struct{})}
	p.done.Go(func() { p.tell(out) })
	return p
}

func (p *progress) tell(out *os.File) {
	interval, draw, erase := plainInterval, func() { fmt.Fprintln(out, p.line()) }, func() {}
	if term.IsTerminal(int(out.Fd())) {
		interval = barInterval
		draw = func() {
			columns, _, err := term.GetSize(int(out.Fd()))
			if err != nil {
				columns = 80
			}
			fmt.Fprint(out, "\r", fit(p.share(), p.line(), columns-1), "\x1b[K")
		}
		erase = func() { fmt.Fprint(out, "\r\x1b[K") }
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			draw()
		case <-p.stop:
			erase()
			return
		}
	}
}

// fit lays out a bar and a line in so many columns: without the bar where both are too long,
// and with the end of the line cut off where it alone is.
func fit(share float64, line string, columns int) string {
	const least, most = 10, 30
	if room := min(columns-len(line)-3, most); room >= least {
		full := int(share * float64(room))
		return "[" + strings.Repeat("=", full) + strings.Repeat(" ", room-full) + "] " + line
	}
	return line[:max(0, min(len(line), columns))]
}

// pass counts a photo that the walk has come to. found says that nobody else counts it as found.
func (p *progress) pass(found, fresh bool) {
	if found {
		p.found.Add(1)
	}
	if fresh {
		p.fresh.Add(1)
	}
}

// observe counts one outcome.
func (p *progress) observe(o ledger.Outcome) {
	if o.Status == ledger.Failed {
		p.failed.Add(1)
	}
	p.ended.Add(1)
}

// share is the part of the photos that is behind us, 0 to 1; 0 while nobody knows.
func (p *progress) share() float64 {
	found := p.found.Load()
	if !p.walked.Load() || found == 0 {
		return 0
	}
	return min(1, float64(p.fresh.Load()+p.ended.Load())/float64(found))
}

// line says: photos done, rate, time left, failures.
func (p *progress) line() string {
	fresh, ended, found := p.fresh.Load(), p.ended.Load(), p.found.Load()
	elapsed := time.Since(p.start)
	behind := fresh + ended
	s := fmt.Sprintf("%d of %d", behind, found)
	if !p.walked.Load() {
		s += "+"
	}
	s += fmt.Sprintf(" photos, %.1f a second", float64(ended)/elapsed.Seconds())
	if p.walked.Load() && behind > 0 {
		left := time.Duration(float64(elapsed) * float64(max(0, found-behind)) / float64(behind))
		s += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	if failed := p.failed.Load(); failed > 0 {
		s += fmt.Sprintf(", %d failed", failed)
	}
	return s
}

// undone is how many photos have no outcome, and whether there may be more.
func (p *progress) undone() (n int64, more bool) {
	return max(0, p.found.Load()-p.fresh.Load()-p.ended.Load()), !p.walked.Load()
}

// close stops telling and waits until nothing more is written.
func (p *progress) close() {
	close(p.stop)
	p.done.Wait()
}
