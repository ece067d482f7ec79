package batch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"burnish/worker/store"
)

// Begin takes up the backfill, or the rerun of the same batch, that an earlier process has left
// unfinished, if it asked for the same, or else starts a new one; adopted says which. The caller holds the lease of the
// destination, so no other process works on either. A paused batch stays paused.
func Begin(ctx context.Context, st store.Store, asked Batch) (b *Batch, adopted bool, err error) {
	left, err := Left(ctx, st, asked)
	if err != nil {
		return nil, false, err
	}
	switch {
	case left == nil:
	case left.asks(asked):
		sum, err := left.summarize(ctx, st)
		if err != nil {
			return nil, false, err
		}
		known := TotalsOf(sum)
		known.Published = left.Totals.Published
		b, err := Update(ctx, st, left.ID, func(b *Batch) error {
			if b.State == Interrupted {
				b.State = Running
			}
			b.Totals, b.Lane = known, cmp.Or(b.Lane, asked.Lane)
			b.By, b.Ended, b.Window, b.Stop = asked.By, time.Time{}, asked.Window, asked.Stop
			b.Plan = cmp.Or(asked.Plan, b.Plan)
			return nil
		})
		return b, true, err
	case left.State != Interrupted:
		if err := left.interrupt(ctx, st); err != nil {
			return nil, false, err
		}
	}
	b, err = Start(ctx, st, asked)
	return b, false, err
}

// Unfinished returns the id of the newest backfill or rerun that is running or paused, or
// store.ErrNotExist.
func Unfinished(ctx context.Context, st store.Store) (string, error) {
	for b, err := range List(ctx, st) {
		switch {
		case errors.Is(err, ErrRecord), errors.Is(err, ErrVersion):
		case err != nil:
			return "", err
		case b.Kind != Run && (b.State == Running || b.State == Paused):
			return b.ID, nil
		}
	}
	return "", fmt.Errorf("%w: no batch of %s is running or paused", store.ErrNotExist, st)
}

// Left returns the newest backfill, or where a rerun is asked for the newest of the same batch, if
// it has not come to its end; else nil.
func Left(ctx context.Context, st store.Store, asked Batch) (*Batch, error) {
	like := List(ctx, st)
	if asked.Kind == Rerun {
		like = repairsOf(ctx, st, asked.Repairs)
	}
	var newest *Batch
	for b, err := range like {
		switch {
		case errors.Is(err, ErrRecord), errors.Is(err, ErrVersion):
			continue // a record that nobody can read does no harm
		case err != nil:
			return nil, err
		case b.Kind != asked.Kind:
			continue
		}
		newest = b
		if asked.Kind == Backfill {
			break
		}
	}
	if newest == nil || newest.State != Running && newest.State != Paused && newest.State != Interrupted {
		return nil, nil
	}
	return newest, nil
}

// asks reports whether two batches ask for the same.
func (b *Batch) asks(other Batch) bool {
	question := func(b Batch) Batch {
		return Batch{
			Kind: b.Kind, Source: b.Source, Dest: b.Dest,
			Recipe: b.Recipe, RecipeID: b.RecipeID, Fingerprint: b.Fingerprint,
			Repairs: b.Repairs, Reason: b.Reason, Filter: b.Filter, Keys: b.Keys, Limit: b.Limit, Force: b.Force,
		}
	}
	return reflect.DeepEqual(question(*b), question(other))
}
