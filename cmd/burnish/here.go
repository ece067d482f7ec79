package main

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"burnish/cmd/internal/setup"
	"burnish/imaging/imager"
	"burnish/queue/memory"
	"burnish/worker"
	"burnish/worker/batch"
	"burnish/worker/ledger"
)

// run is a task whose jobs are done in this process.
type run struct {
	task
	workFlags
	storageFlags

	pool   *imager.Pool
	queue  *memory.Queue
	ledger *ledger.Writer
}

// open opens every part, the cheap and likely wrong ones first.
func (r *run) open(soft, hard context.Context) error {
	var err error
	if err := r.choose(r.Recipe); err != nil {
		return err
	}
	stores := &setup.Stores{WriteRate: r.WriteRate}
	r.opened = append(r.opened, stores)
	if err := r.openEnds(soft, stores); err != nil {
		return exit{exitNotStarted, err}
	}
	r.pool, err = setup.StartImagers(soft, imager.Options{Slots: r.Jobs, Memory: r.memory, Deadline: r.Deadline, Log: r.log})
	if err != nil {
		return exit{exitNotStarted, err}
	}
	r.opened = append(r.opened, r.pool)
	if err := r.begin(soft, r.pool.Build()); err != nil {
		return err
	}
	if r.ledger, err = ledger.NewWriter(r.dest, r.batch.ID, ledger.Options{Log: r.log}); err != nil {
		return exit{exitNotStarted, err}
	}
	capacity := 4 * inHand(r.Jobs, r.ends)
	r.queue = memory.New(memory.Options{
		Slots:    inHand(r.Jobs, r.ends),
		Capacity: capacity,
		Lease:    time.Hour, // the pool's deadline ends a photo long before
		Attempts: 100,       // the worker's table records a failure long before
		Hard:     hard,
	})
	r.conductor = &batch.Conductor{Publisher: r.queue, Dest: r.dest, Window: capacity, Settled: r.queue.Settled}
	return nil
}

// work publishes jobs and does them, until all are settled or a stop. It returns what stopped
// it.
func (r *run) work(ctx context.Context) error {
	w := worker.New(worker.Config{
		Source: r.source, Dest: r.dest, Imager: r.pool, Recipe: r.recipe, Record: r,
		Slots: r.Jobs, Prefetch: int64(r.PrefetchBytes), Force: r.Force, Log: r.log,
	})
	// receiving ends when everything is settled, or with any trouble, or with a stop.
	receiving, settled := context.WithCancel(ctx)
	defer settled()
	g, ctx := errgroup.WithContext(receiving)
	g.Go(func() error {
		defer settled()
		return r.conduct(ctx)
	})
	g.Go(func() error {
		defer settled()
		return w.Run(ctx, r.queue)
	})
	return g.Wait()
}

// Record implements worker.Recorder: an outcome counts once the ledger has taken it.
func (r *run) Record(ctx context.Context, o ledger.Outcome) error {
	if err := r.ledger.Record(ctx, o); err != nil {
		return err
	}
	r.conductor.Settle(o)
	return nil
}

func (*run) stopping() string {
	return "finishing the photos in hand; interrupt again to stop at once"
}

// shut writes what is still to be written of the ledger.
func (r *run) shut(ctx context.Context) error { return r.ledger.Close(ctx) }
