package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"burnish/worker/ledger"
)

// progress tells a person how far a run is: a bar on a terminal, a line now and then elsewhere.
type progress struct {
	start         time.Time
	total         atomic.Int64 // photos found so far that need work
	walked        atomic.Bool  // total is final
	ended, failed atomic.Int64

	draw   func()
	finish func()
	stop   chan struct{}
	done   sync.WaitGroup
}

// plainInterval is how often a line is printed where no bar can be drawn.
const plainInterval = 10 * time.Second

// newProgress starts telling. A nil file tells nothing.
func newProgress(out *os.File) *progress {
	p := &progress{start: time.Now(), stop: make(chan struct{}), draw: func() {}, finish: func() {}}
	interval := plainInterval
	switch {
	case out == nil:
	case term.IsTerminal(int(out.Fd())):
		interval = 200 * time.Millisecond
		p.bar(out)
	default:
		p.draw = func() { fmt.Fprintln(out, p.line()) }
	}
	p.done.Go(func() {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.draw()
			case <-p.stop:
				p.finish()
				return
			}
		}
	})
	return p
}

func (p *progress) bar(out io.Writer) {
	bar := progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(out),
		progressbar.OptionSetWidth(24),
		progressbar.OptionShowCount(),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionThrottle(0))
	p.draw = func() {
		if total := p.total.Load(); total > 0 {
			bar.ChangeMax64(total)
		}
		bar.Describe(p.line())
		_ = bar.Set64(p.ended.Load())
	}
	p.finish = func() { _ = bar.Clear() }
}

// observe counts one outcome.
func (p *progress) observe(o ledger.Outcome) {
	if o.Status == ledger.Failed {
		p.failed.Add(1)
	}
	p.ended.Add(1)
}

// line says: photos done, rate, time left, failures.
func (p *progress) line() string {
	ended, total, more := p.ended.Load(), p.total.Load(), "+"
	if p.walked.Load() {
		more = ""
	}
	elapsed := time.Since(p.start)
	rate := float64(ended) / elapsed.Seconds()
	s := fmt.Sprintf("%d of %d%s photos, %.1f a second", ended, total, more, rate)
	if more == "" && rate > 0 {
		left := time.Duration(float64(total-ended) / rate * float64(time.Second))
		s += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	if failed := p.failed.Load(); failed > 0 {
		s += fmt.Sprintf(", %d failed", failed)
	}
	return s
}

// close stops telling and waits until nothing more is written.
func (p *progress) close() {
	close(p.stop)
	p.done.Wait()
}
