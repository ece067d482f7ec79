package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sync/errgroup"

	"burnish/cmd/internal/sheet"
	"burnish/imaging"
	"burnish/queue"
	"burnish/worker"
	"burnish/worker/batch"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

// sampled is what was processed for a plan: along the very line that a batch takes, into a folder
// of its own.
type sampled struct {
	dir   string
	dest  *store.Directory
	drawn []batch.Decision
	sheet string // the file that shows it; empty for none

	mu    sync.Mutex
	ended map[queue.Key]ledger.Outcome
}

// Record implements worker.Recorder.
func (s *sampled) Record(_ context.Context, o ledger.Outcome) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended[o.Key] = o
	return nil
}

// outcomes returns them in the order of their keys.
func (s *sampled) outcomes() []ledger.Outcome {
	var all []ledger.Outcome
	for _, d := range s.drawn {
		all = append(all, s.ended[d.Key])
	}
	return all
}

// failed returns the first that was not done, and how many there are.
func (s *sampled) failed() (first ledger.Outcome, n int) {
	for _, o := range s.outcomes() {
		if o.Status == ledger.Done {
			continue
		}
		if n++; n == 1 {
			first = o
		}
	}
	return first, n
}

// close removes what was written.
func (s *sampled) close() {
	if s.dest != nil {
		s.dest.Close()
	}
	_ = os.RemoveAll(s.dir)
}

// process does the photos that were drawn. close must be called.
func (p *plan) process(ctx context.Context) (*sampled, error) {
	dir, err := os.MkdirTemp("", "burnish-plan-")
	if err != nil {
		return nil, err
	}
	s := &sampled{dir: dir, drawn: p.survey.Sample(), ended: make(map[queue.Key]ledger.Outcome)}
	if s.dest, err = store.OpenDirectory(dir, store.Writable()); err != nil {
		s.close()
		return nil, err
	}
	w := worker.New(worker.Config{
		Source: p.source, Dest: s.dest, Imager: p.pool, Recipe: p.recipe, Record: s,
		Slots: p.Jobs, Prefetch: int64(p.PrefetchBytes), Log: p.log,
	})
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(inHand(p.Jobs, p.ends))
	for _, d := range s.drawn {
		g.Go(func() error {
			job := queue.Job{Key: d.Key, Generation: d.Generation}
			if w.Handle(ctx, queue.Delivery{Job: job, Lane: queue.Backfill, Attempt: 1}) == queue.Ack {
				return nil
			}
			return errors.Join(context.Cause(ctx), fmt.Errorf("%s cannot be processed into %s: is there room?", text(d.Key), dir))
		})
	}
	if err := g.Wait(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// show writes the contact sheet.
func (p *plan) show(ctx context.Context, s *sampled) error {
	if p.Sheet == "" || len(s.drawn) == 0 {
		return nil
	}
	page := sheet.Sheet{
		Title: "Sample of " + p.source.String(),
		Intro: []string{
			fmt.Sprintf("%d of %d photos that burnish backfill would do into %s by recipe %s.",
				len(s.drawn), p.survey.Photos, p.dest, p.recipe.Name),
			howToLook,
		},
		Photos: make([]sheet.Photo, len(s.drawn)),
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(p.Jobs)
	for i, d := range s.drawn {
		g.Go(func() (err error) {
			page.Photos[i], err = p.photo(ctx, s, d)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	var out bytes.Buffer
	if err := page.Write(&out); err != nil {
		return err
	}
	if err := os.WriteFile(p.Sheet, out.Bytes(), 0o666); err != nil {
		return fmt.Errorf("--sheet: %w", err)
	}
	s.sheet = p.Sheet
	return nil
}

// photo makes the entry of one photo.
func (p *plan) photo(ctx context.Context, s *sampled, d batch.Decision) (sheet.Photo, error) {
	o := s.ended[d.Key]
	if o.Status != ledger.Done {
		return sheet.Photo{Name: text(d.Key), Trouble: fmt.Sprintf("%s: %s: %s", o.Status, o.Reason, o.Message)}, nil
	}
	m, _, err := worker.ReadManifest(ctx, s.dest, d.Key)
	if err != nil {
		return sheet.Photo{}, err
	}
	source, _, err := p.source.Read(ctx, string(d.Key), store.ReadOptions{Limit: int64(p.recipe.Limits.Bytes)})
	if err != nil {
		return sheet.Photo{}, err
	}
	made := imaging.Result{Source: m.Source, Steps: m.Steps}
	for _, v := range m.Variants {
		data, _, err := s.dest.Read(ctx, string(v.Path), store.ReadOptions{Limit: v.Bytes})
		if err != nil {
			return sheet.Photo{}, err
		}
		v.Data = data
		made.Variants = append(made.Variants, v.Variant)
	}
	return shown{p.pool, p.recipe}.photo(ctx, text(d.Key), source, made)
}
