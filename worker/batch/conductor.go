package batch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"burnish/queue"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

// Conductor publishes the jobs of one batch as its record wants, which operators change
// meanwhile, and learns how they end. No more are in flight at once than the window takes.
type Conductor struct {
	Publisher queue.Publisher
	Dest      store.Store // of the record and the ledger

	// Follow has outcomes read from the ledger, where others write them. Without it Settle is to
	// be called with each.
	Follow bool
	// Recipe is what the jobs call their recipe, as worker.KeepRecipe returns it; empty for the
	// worker's own.
	Recipe string
	// Window is how many jobs are in flight at most; 0 leaves that to the record.
	Window int
	// Settled, if set, blocks until the queue has nothing more to deliver. Jobs that have no
	// outcome by then are given up. Without it the last outcome is waited for.
	Settled func(ctx context.Context) error
	// Patience is how long jobs may be in flight without a single outcome, pauses left out. Then
	// their outcomes are taken for lost, and the batch for given up; 0 waits for ever.
	Patience time.Duration
	// Rate is how many jobs are published a second at first; it doubles every 20 minutes, as a
	// bucket wants it of its writers. 0 sets no bound.
	Rate float64
	// Passes, if set, tells which errors of the Publisher may pass. Those are waited out for as
	// long as Outage; jobs that were published before may then be published twice.
	Passes func(err error) bool
	Outage time.Duration
	// Poll is how often record and ledger are looked at; 0 means every 5 seconds.
	Poll time.Duration
	// Observe, if set, hears of each outcome that ends a job, one at a time.
	Observe func(o ledger.Outcome)
	// Tell, if set, hears why the batch pauses, and "" when it goes on.
	Tell func(paused string)
	Log  *slog.Logger // nil for silence

	batch  *Batch // as it was at the start
	flight *flight
	judge  judge
	pace   *pace

	mu      sync.Mutex
	lane    queue.Lane
	resumed chan struct{} // closed when a pause ends; nil when there is none
	totals  Totals        // of those before this one, but for what is seen
	wanted  int64         // jobs of the whole batch, once the walk has ended; else 0
	counted ledger.Summary
}

// ErrCancelled is the end of a batch that somebody has cancelled.
var ErrCancelled = errors.New("the batch was cancelled")

// ErrSilent is the end of a batch of which nothing was heard for as long as Patience.
var ErrSilent = errors.New("no outcome comes")

// Conduct publishes what the decisions ask for, until the last outcome is in. It returns why it
// ended before: ErrCancelled, ErrSilent, the cause of ctx's end, or the error of a listing or of the
// queue. A Conductor conducts once.
func (c *Conductor) Conduct(ctx context.Context, b *Batch, decisions iter.Seq2[Decision, error]) error {
	c.begin(b)
	var follower *ledger.Follower
	if c.Follow {
		var err error
		if follower, err = ledger.Follow(ctx, c.Dest, b.ID); err != nil {
			return err
		}
	}
	if b.State == Paused { // as an earlier process left it
		c.pause(b.Note)
	}
	working, done := context.WithCancel(ctx)
	defer done()
	g, ctx := errgroup.WithContext(working)
	g.Go(func() error {
		defer done()
		if err := c.publish(ctx, decisions); err != nil {
			return err
		}
		if c.Settled != nil {
			return c.Settled(ctx)
		}
		return c.flight.landed(ctx)
	})
	g.Go(func() error { return c.attend(ctx, follower) })
	return g.Wait()
}

func (c *Conductor) begin(b *Batch) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Poll <= 0 {
		c.Poll = 5 * time.Second
	}
	c.batch, c.lane = b, cmp.Or(b.Lane, queue.Backfill)
	c.totals = b.Totals
	c.totals.Seen, c.totals.Fresh = 0, 0 // the walk begins anew
	c.flight, c.pace = newFlight(cmp.Or(c.Window, b.Window)), newPace(c.Rate)
	c.judge.stop = Stop{Share: 1}
	if b.Stop != nil {
		c.judge.stop = *b.Stop
	}
}

// Settle takes note of the outcome of a job. One that is not in flight counts for nothing: it is
// the second outcome of a job that was delivered twice.
func (c *Conductor) Settle(o ledger.Outcome) {
	if !c.flight.settle(o.Key) {
		return
	}
	c.judge.count(o)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counted.Count(o)
	if c.Observe != nil {
		c.Observe(o)
	}
}

// Totals is what the batch has done so far, under this process and those before it.
func (c *Conductor) Totals() Totals {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, now := c.totals, TotalsOf(c.counted)
	t.Done += now.Done
	t.Skipped += now.Skipped
	t.Failed += now.Failed
	t.SourceBytes += now.SourceBytes
	t.WrittenBytes += now.WrittenBytes
	return t
}

// Counted is the outcomes that this process has learned of.
func (c *Conductor) Counted() ledger.Summary {
	c.mu.Lock()
	defer c.mu.Unlock()
	var s ledger.Summary
	s.Add(c.counted)
	return s
}

// attend looks at the record and the ledger now and then.
func (c *Conductor) attend(ctx context.Context, follower *ledger.Follower) error {
	tick := time.NewTicker(c.Poll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if follower != nil {
			c.follow(ctx, follower)
		}
		if err := c.obey(ctx); err != nil {
			return err
		}
		if err := c.listen(); err != nil {
			return err
		}
	}
}

// listen gives up when nothing has been heard of what is in flight for too long. A fleet that is
// stopped during a pause is not silent.
func (c *Conductor) listen() error {
	if c.isPaused() {
		c.flight.stir()
	}
	n, silent := c.flight.silence()
	if c.Patience <= 0 || n == 0 || silent < c.Patience {
		return nil
	}
	err := fmt.Errorf("%w: %d jobs were published and have none, and for %v there was no other: are workers and a recorder running?", ErrSilent, n, c.Patience)
	c.batch.Note = err.Error()
	return err
}

// follow reads what has come into the ledger. Trouble shows in the log: the next look may do.
func (c *Conductor) follow(ctx context.Context, follower *ledger.Follower) {
	for o, err := range follower.Next(ctx) {
		if err != nil {
			if ctx.Err() == nil {
				c.Log.Warn("outcomes are not read", "batch", c.batch.ID, "error", err)
			}
			continue
		}
		c.Settle(o)
	}
}

// errUnchanged ends an update that has nothing to change.
var errUnchanged = errors.New("nothing to change")

// obey does what the record says by now, writes into it how far the batch is, and stops the
// batch when too much fails.
func (c *Conductor) obey(ctx context.Context) error {
	totals, wanted, verdict := c.Totals(), c.known(), ""
	if !c.isPaused() { // else it has been judged, and goes on when somebody says so
		verdict = c.judge.verdict()
	}
	var now Batch
	_, err := Update(ctx, c.Dest, c.batch.ID, func(b *Batch) error {
		stops := verdict != "" && b.State == Running
		if stops {
			b.State, b.Note = Paused, verdict
		}
		now = *b
		known := b.Expected == 0 && wanted > 0
		if b.Totals == totals && !stops && !known || b.State == Cancelled {
			return errUnchanged
		}
		b.Totals = totals
		if known {
			b.Expected = wanted
		}
		return nil
	})
	switch {
	case err != nil && !errors.Is(err, errUnchanged):
		if ctx.Err() == nil {
			c.Log.Warn("record is not up to date", "batch", c.batch.ID, "error", err)
		}
		return nil
	case now.State == Cancelled:
		return fmt.Errorf("%w %s", ErrCancelled, now.Note)
	case now.State == Paused:
		c.pause(now.Note)
	default:
		c.resume()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lane = cmp.Or(now.Lane, queue.Backfill)
	return nil
}

// known is how many jobs the batch has, of this process and those before it; 0 until the walk has
// ended.
func (c *Conductor) known() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wanted
}

func (c *Conductor) pause(why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.resumed != nil {
		return
	}
	c.resumed = make(chan struct{})
	c.tell(why)
}

func (c *Conductor) resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.resumed == nil {
		return
	}
	c.judge.reset()
	close(c.resumed)
	c.resumed = nil
	c.tell("")
}

func (c *Conductor) tell(paused string) {
	if c.Tell != nil {
		c.Tell(paused)
	}
}
