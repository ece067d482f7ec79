package ledger

import (
	"context"
	"slices"
	"time"
)

// Waits between attempts to write a segment: the first, and the longest that doubling leads to.
const (
	firstWait = time.Second
	lastWait  = 30 * time.Second
)

// gather is what a Writer's goroutine works on.
type gather struct {
	buf    []row // not yet in a segment
	text   int   // bytes of their keys and messages
	sealed *sealed
	busy   bool // an attempt to write sealed is under way

	timer   *time.Timer
	due     bool // the timer has gone off: an outcome is old enough, or an attempt waits no longer
	wait    time.Duration
	closed  bool
	taken   int64 // outcomes, ever
	kept    int64 // of them, in segments
	waiting []waiter
	last    error // of the last attempt
}

// waiter is a Flush that returns once kept has reached want.
type waiter struct {
	want  int64
	reply chan error
}

// run owns everything in gather. It ends after Close, when all is written or cannot be, or
// when the context ends.
func (w *Writer) run() {
	defer close(w.done)
	defer w.timer.Stop()
	closing := w.closing
	for {
		w.advance()
		if w.closed && !w.busy && (w.sealed == nil || w.standing() != nil) {
			w.answer(w.last)
			return
		}
		in := w.rows
		if w.full() || w.closed {
			in = nil
		}
		select {
		case r := <-in:
			w.take(r)
		case reply := <-w.flushes:
			w.waiting = append(w.waiting, waiter{w.taken, reply})
			w.due = true
		case <-w.timer.C:
			w.due = true
		case err := <-w.results:
			w.settle(err)
		case <-closing:
			w.closed, w.due, closing = true, true, nil
		case <-w.ctx.Done():
			if w.busy {
				w.settle(<-w.results)
			}
			w.answer(context.Cause(w.ctx))
			return
		}
	}
}

func (w *Writer) full() bool { return len(w.buf) >= w.opts.MaxRows || w.text >= maxText }

func (w *Writer) take(r row) {
	if len(w.buf) == 0 && w.sealed == nil {
		w.timer.Reset(w.opts.MaxAge)
	}
	w.buf = append(w.buf, r)
	w.text += len(r.Key) + len(r.Message)
	w.taken++
}

// advance begins an attempt when one is due and none is under way.
func (w *Writer) advance() {
	w.answerKept()
	if w.busy {
		return
	}
	if w.sealed == nil && (w.due || w.full()) && len(w.buf) > 0 {
		w.sealed = &sealed{rows: w.buf}
		w.buf, w.text, w.due = nil, 0, true
	}
	if w.sealed != nil && w.due {
		w.busy = true
		go func() { w.results <- w.put(w.sealed) }()
	}
	w.due = false
}

// settle takes note of how an attempt ended.
func (w *Writer) settle(err error) {
	w.busy, w.last = false, err
	if err == nil {
		w.kept += int64(len(w.sealed.rows))
		w.sealed, w.wait = nil, 0
		w.due = w.closed || len(w.waiting) > 0
		w.timer.Reset(w.opts.MaxAge)
		w.stand(nil)
		return
	}
	w.due = false
	w.wait = min(max(2*w.wait, firstWait), lastWait)
	w.timer.Reset(w.wait)
	w.opts.Log.Warn("ledger segment is not written yet", "batch", w.batch,
		"outcomes", w.taken-w.kept, "again in", w.wait, "error", err)
	if passes(err) {
		w.stand(nil)
		return
	}
	w.stand(err)
	w.answer(err)
}

// answerKept lets those Flushes return whose outcomes are all in segments.
func (w *Writer) answerKept() {
	w.waiting = slices.DeleteFunc(w.waiting, func(f waiter) bool {
		if f.want > w.kept {
			return false
		}
		f.reply <- nil
		return true
	})
}

// answer lets all Flushes return.
func (w *Writer) answer(err error) {
	w.answerKept()
	for _, f := range w.waiting {
		f.reply <- err
	}
	w.waiting = nil
}
