package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"burnish/cmd/internal/setup"
	"burnish/imaging"
	"burnish/worker"
	"burnish/worker/batch"
	"burnish/worker/store"
)

type rerunCmd struct {
	storageFlags `embed:"" set:"write_rate=1000"`
	workFlags    `embed:"" set:"recipe=the batch's"`
	stopFlags    `embed:""`
	publishFlags `embed:"" set:"lane=rerun"`
	destination  `embed:""`
	Batch        string `arg:"" optional:"" help:"The batch to repair: its id, the beginning or end of one, or latest, which is the default."`
	selection    `embed:""`
	Source       string `placeholder:"URL" help:"Where the photos are. Default: where the batch had them."`
	DryRun       bool   `help:"Only say what would be asked for."`
}

// Help tells what is asked for and what the old batch then says.
func (*rerunCmd) Help() string {
	return `Asks again for the photos that failed in a batch and are still not published: a new batch, which
says which one it repairs. burnish status of the old one then says what is still broken. Photos
that are gone from the source are left out, and so are messages that were no jobs.

With --project, the fleet does the photos, from the lane rerun. Otherwise they are done here. Either
way --recipe may be another than that of the batch: its workers read it from DST.

Exit status: 0 all done or nothing to do, 1 some failed again or the batch was cancelled, 2 usage,
3 could not start, 130 interrupted.`
}

func (c *rerunCmd) Run(log *slog.Logger) error {
	filter, err := c.filter()
	if err == nil {
		err = errors.Join(c.workFlags.check(), c.checkStorage(), c.publishFlags.check(c.Force))
	}
	if err != nil {
		return err
	}
	asked := batch.Batch{
		Kind: batch.Rerun, Window: c.Window, Lane: c.Lane, Force: c.Force,
		Reason: c.Reason, Filter: batch.Filter{Prefix: filter.Prefix},
	}
	if asked.Stop, err = c.stop(); err != nil {
		return exit{exitUsage, err}
	}
	ctx, _ := setup.Signals()
	stores := &setup.Stores{WriteRate: c.WriteRate}
	defer stores.Close()
	p := &repair{filter: filter}
	t := task{log: log, json: c.JSON, find: p.find}
	left, err := c.prepare(ctx, stores, p, &t)
	if err != nil {
		return err
	}
	out := os.Stdout
	if c.JSON {
		out = os.Stderr // the other is for the closing figures
	}
	p.print(out)
	if c.DryRun || p.total() == 0 && !left {
		return nil
	}
	asked.Repairs, asked.Asked, asked.Expected = p.id, p.asked, p.total()
	asked.Left = p.left
	t.asked = asked
	return c.start(t, c.workFlags, c.storageFlags)
}

// prepare finds the batch, what it was made from and what of it is broken. The destination is
// closed again: to write, it is opened anew. left says that an earlier rerun of the batch has not
// come to its end: its books are to be closed, even if nothing is left to do.
func (c *rerunCmd) prepare(ctx context.Context, stores *setup.Stores, p *repair, t *task) (left bool, err error) {
	dest, err := c.open(ctx)
	if err != nil {
		return false, err
	}
	defer dest.Close()
	if p.id, err = findBatch(ctx, dest, c.Batch); err != nil {
		return false, err
	}
	old, err := batch.Load(ctx, dest, p.id)
	if err != nil && !errors.Is(err, store.ErrNotExist) {
		return false, err
	}
	if t.recipe, err = c.inherit(ctx, dest, old); err != nil {
		return false, err
	}
	if t.ends, err = setup.ParseEnds(c.Source, c.Dest); err != nil {
		return false, exit{exitUsage, err}
	}
	source, err := stores.OpenSource(ctx, t.ends.Source)
	if err != nil {
		return false, fmt.Errorf("source: %w", err)
	}
	defer source.Close()
	unfinished, err := batch.Left(ctx, dest, batch.Batch{Kind: batch.Rerun, Repairs: p.id})
	if err != nil {
		return false, err
	}
	return unfinished != nil, p.count(ctx, source, dest)
}

// ofBatch stands for the recipe of the old batch, as the default of --recipe.
const ofBatch = "the batch's"

// inherit takes from the old batch what was not given, and returns the recipe. There is no record
// of uploads.
func (c *rerunCmd) inherit(ctx context.Context, dest store.Store, old *batch.Batch) (imaging.Recipe, error) {
	if old != nil && c.Source == "" {
		c.Source = old.Source
	}
	if c.Source == "" {
		return imaging.Recipe{}, exit{exitUsage, errors.New("--source: nobody asked for this batch, so it does not say where its photos are")}
	}
	switch {
	case c.Recipe != ofBatch:
		return recipe(c.Recipe)
	case old == nil:
		return imaging.Recipe{}, exit{exitUsage, errors.New("--recipe: nobody asked for this batch, so it does not say which recipe was used")}
	case old.RecipeID != "":
		r, err := worker.ReadRecipe(ctx, dest, old.RecipeID)
		if err != nil {
			err = exit{exitUsage, fmt.Errorf("--recipe: give the file of the recipe %q, which the batch was made with: %w", old.Recipe, err)}
		}
		return r, err
	}
	r, ok := imaging.Builtin(old.Recipe)
	if !ok {
		return r, exit{exitUsage, fmt.Errorf("--recipe: give the file of the recipe %q, which the batch was made with, or another one", old.Recipe)}
	}
	return r, nil
}
