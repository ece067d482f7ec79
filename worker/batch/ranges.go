package batch

import (
	"context"
	"errors"
	"iter"
	"sync"
)

// chunk is how many decisions a range hands on at once.
const chunk = 256

// inRanges walks several spans at once. It begins with one. Whoever has none left to walk takes
// the end off one that has proved long, at a place that listings of the photos show to be about
// the middle of their names. So nothing is listed twice but for these looks, and a bad guess is
// mended by the next.
func (r *reconciler) inRanges(ctx context.Context) iter.Seq2[Decision, error] {
	return func(yield func(Decision, error) bool) {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		w := &ranges{reconciler: r, ctx: ctx, cancel: cancel, out: make(chan []Decision, r.opts.Ranges)}
		w.changed = sync.NewCond(&w.mu)
		first := &span{ripe: w.notice}
		w.live = map[*span]bool{first: false}
		var all sync.WaitGroup
		all.Go(func() { w.work(first) })
		for range r.opts.Ranges - 1 {
			all.Go(func() { w.work(nil) })
		}
		go func() {
			all.Wait()
			close(w.out)
		}()
		stopped := w.drain(yield)
		if cause := context.Cause(ctx); cause != nil && !stopped {
			yield(Decision{}, cause)
		}
	}
}

// ranges is a walk that several goroutines share.
type ranges struct {
	*reconciler
	ctx    context.Context
	cancel context.CancelCauseFunc
	out    chan []Decision

	mu      sync.Mutex
	changed *sync.Cond     // a span has ripened or ended
	live    map[*span]bool // those that are walked; true: somebody looks for a place to split it
}

// drain hands on what comes, until all goroutines have ended, and reports whether the loop over
// the decisions was left.
func (w *ranges) drain(yield func(Decision, error) bool) (stopped bool) {
	for some := range w.out {
		for _, d := range some {
			if stopped || w.ctx.Err() != nil {
				break
			}
			if !yield(d, nil) {
				stopped = true
				w.cancel(errStopped)
			}
		}
	}
	return stopped
}

// notice lets idle goroutines look for work.
func (w *ranges) notice() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changed.Broadcast()
}

// work walks a span, and then what it can take off others.
func (w *ranges) work(s *span) {
	for ; s != nil || w.steal(&s); s = nil {
		if err := w.span(s); err != nil {
			w.cancel(err) // the first one counts
		}
		w.mu.Lock()
		delete(w.live, s)
		w.changed.Broadcast()
		w.mu.Unlock()
	}
}

// span walks one span and hands its decisions on in chunks.
func (w *ranges) span(s *span) error {
	some := make([]Decision, 0, chunk)
	send := func() bool {
		select {
		case w.out <- some:
			some = make([]Decision, 0, chunk)
			return true
		case <-w.ctx.Done():
			return false
		}
	}
	err := w.walk(w.ctx, s, func(d Decision) bool {
		some = append(some, d)
		return len(some) < chunk || send()
	})
	if len(some) > 0 && !errors.Is(err, errStopped) {
		send()
	}
	return err
}

// steal waits until some span can be split, and takes its end. It returns false when there is
// none left.
func (w *ranges) steal(into **span) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.live) > 0 && w.ctx.Err() == nil {
		victim := w.ripest()
		if victim == nil {
			w.changed.Wait()
			continue
		}
		w.live[victim] = true
		w.mu.Unlock()
		at, to := victim.bounds()
		mid, err := middle(w.ctx, w.src, w.prefix, at, to)
		w.mu.Lock()
		if _, walked := w.live[victim]; walked {
			w.live[victim] = false
		}
		if err != nil {
			w.cancel(err)
			return false
		}
		if rest, ok := victim.cut(mid); ok {
			w.live[rest] = false
			*into = rest
			return true
		}
	}
	return false
}

// ripest returns a span that is worth splitting and that nobody is splitting. The caller holds
// the lock.
func (w *ranges) ripest() *span {
	for s, taken := range w.live {
		if !taken && s.isRipe() {
			return s
		}
	}
	return nil
}
