package batch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"burnish/queue"
	"burnish/worker/store"
)

// changes bounds how often a change of a record is tried: others change it every few seconds.
const changes = 20

// Update changes a record as it stands in the store: it is read, changed and written on the
// condition that nobody else has written it meanwhile, and otherwise again. An error of change
// ends it, and nothing is written.
func Update(ctx context.Context, st store.Store, id string, change func(*Batch) error) (*Batch, error) {
	for try := 1; ; try++ {
		b, err := Load(ctx, st, id)
		if err != nil {
			return nil, err
		}
		if err := change(b); err != nil {
			return nil, err
		}
		if err := b.check(id); err != nil {
			return nil, err
		}
		err = b.save(ctx, st)
		if err == nil {
			return b, nil
		}
		if !errors.Is(err, ErrChanged) || try == changes {
			return nil, err
		}
		time.Sleep(time.Duration(try) * 10 * time.Millisecond)
	}
}

// ErrState reports a batch that is not in a state for what is asked of it.
var ErrState = errors.New("the batch is in no state for that")

// Pause asks the publisher of a batch to publish nothing more; by names who asks. Jobs that are
// published are done.
func Pause(ctx context.Context, st store.Store, id, by string) (*Batch, error) {
	return turn(ctx, st, id, Paused, "by "+by, Running)
}

// Continue lets a batch go on that was paused, or that has stopped itself.
func Continue(ctx context.Context, st store.Store, id string) (*Batch, error) {
	return turn(ctx, st, id, Running, "", Paused)
}

// Cancel ends a batch: nothing more is published, and what is published and not begun ends as
// skipped.
func Cancel(ctx context.Context, st store.Store, id, by string) (*Batch, error) {
	return turn(ctx, st, id, Cancelled, "by "+by, Running, Paused, Interrupted)
}

// turn puts a batch into another state.
func turn(ctx context.Context, st store.Store, id string, to State, note string, from ...State) (*Batch, error) {
	return Update(ctx, st, id, func(b *Batch) error {
		switch {
		case b.State == to:
			return fmt.Errorf("%w: batch %s is %s already", ErrState, id, to)
		case b.Kind == Run:
			return fmt.Errorf("%w: batch %s is a run, which its own process ends: interrupt that", ErrState, id)
		case !slices.Contains(from, b.State):
			return fmt.Errorf("%w: batch %s is %s and cannot become %s", ErrState, id, b.State, to)
		}
		b.State, b.Note = to, note
		if to == Cancelled {
			b.Ended = time.Now().UTC().Truncate(time.Millisecond)
		}
		return nil
	})
}

// Move lets what is still to be published of a batch go to another lane.
func Move(ctx context.Context, st store.Store, id string, lane queue.Lane) (*Batch, error) {
	if !slices.Contains(queue.Lanes, lane) {
		return nil, fmt.Errorf("lane %q: expected one of %v", lane, queue.Lanes)
	}
	return Update(ctx, st, id, func(b *Batch) error {
		if b.Kind == Run || b.State != Running && b.State != Paused {
			return fmt.Errorf("%w: batch %s is a %s, and is %s: nothing more is published of it", ErrState, id, b.Kind, b.State)
		}
		b.Lane = lane
		return nil
	})
}
