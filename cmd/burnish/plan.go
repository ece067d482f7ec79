package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"burnish/cmd/internal/setup"
	"burnish/imaging/imager"
	"burnish/worker/batch"
)

type planCmd struct {
	backfillFlags `embed:""`
	Photos        int    `default:"30" placeholder:"N" help:"Photos that are really processed for the estimate. Default: ${default}."`
	Cores         int    `default:"0" placeholder:"N" help:"Cores to reckon the wall time for. Default: those of this machine."`
	Prices        string `placeholder:"FILE" help:"Prices to reckon with, in YAML. burnish prices prints those that are built in."`
	Sheet         string `default:"burnish-plan.html" placeholder:"FILE" help:"Where the contact sheet of the sample is written; empty for none. Default: ${default}."`
	Save          string `placeholder:"FILE" help:"Keep the plan for burnish backfill --plan."`
}

// Help tells what a plan is made from.
func (*planCmd) Help() string {
	return `Says what burnish backfill with the same arguments would do, and what that would cost, before
anything is spent: walks SRC and DST, and processes a sample of the photos here, on the side.
Nothing is written to DST and nothing is published. The sample is the same every time for the same
photos.

The bounds beside a figure hold it in 19 cases of 20, as far as the sample's spread tells. With
--save, and then burnish backfill --plan, burnish status sets the estimate against what came of
it.`
}

// plan is one plan in the making.
type plan struct {
	*planCmd
	task
	stores setup.Stores
	pool   *imager.Pool
	survey *batch.Survey
	prices batch.Prices
}

func (c *planCmd) Run(log *slog.Logger) error {
	asked, ends, err := c.asks()
	if err != nil {
		return err
	}
	if c.Photos < 1 || c.Photos > 1000 {
		return exit{exitUsage, fmt.Errorf("--photos %d: expected 1 to 1000", c.Photos)}
	}
	if c.Cores < 0 || c.Cores > 1_000_000 {
		return exit{exitUsage, fmt.Errorf("--cores %d: expected 1 to 1000000, or 0 for those of this machine", c.Cores)}
	}
	p := &plan{planCmd: c, task: task{log: log, asked: asked, ends: ends}}
	if p.prices, err = prices(c.Prices); err != nil {
		return err
	}
	soft, _ := setup.Signals()
	defer p.close()
	if err := p.make(soft); err != nil {
		if errors.Is(context.Cause(soft), setup.ErrInterrupted) {
			return exit{exitInterrupted, setup.ErrInterrupted}
		}
		return err
	}
	return nil
}

// make walks, processes the sample and says what came of it.
func (p *plan) make(ctx context.Context) error {
	if err := p.open(ctx); err != nil {
		return err
	}
	if err := p.walkAll(ctx); err != nil {
		return exit{exitFailures, err}
	}
	sample, err := p.process(ctx)
	if err != nil {
		return exit{exitFailures, err}
	}
	defer sample.close()
	cores := p.Cores
	if cores == 0 {
		cores = p.Jobs
	}
	made := batch.NewPlan(*p.batch, p.survey.Found, sample.outcomes(), cores, p.prices)
	if err := p.keep(made); err != nil {
		return exit{exitFailures, err}
	}
	if err := p.show(ctx, sample); err != nil {
		return exit{exitFailures, err}
	}
	if p.JSON {
		data, err := made.JSON()
		if err == nil {
			_, err = os.Stdout.Write(data)
		}
		return err
	}
	return planText(os.Stdout, made, sample)
}

// open opens every part, the cheap and likely wrong ones first.
func (p *plan) open(ctx context.Context) error {
	var err error
	if p.recipe, err = recipe(p.Recipe); err != nil {
		return err
	}
	p.opened = append(p.opened, &p.stores)
	source, dest, err := p.stores.LookAtEnds(ctx, p.ends)
	if err != nil {
		return exit{exitNotStarted, err}
	}
	p.opened = append(p.opened, source, dest)
	p.source, p.dest = source, dest
	p.pool, err = setup.StartImagers(ctx, imager.Options{Slots: p.Jobs, Memory: p.memory, Deadline: p.Deadline, Log: p.log})
	if err != nil {
		return exit{exitNotStarted, err}
	}
	p.opened = append(p.opened, p.pool)
	b := p.describe(p.pool.Build())
	p.batch = &b
	return nil
}

// walkAll finds what would be done. It says now and then how far it is: a catalogue takes its
// time.
func (p *plan) walkAll(ctx context.Context) error {
	p.survey = batch.NewSurvey(p.Photos, p.Force)
	said := time.Now()
	for d, err := range p.walk(ctx) {
		if err != nil {
			return err
		}
		if setup.Hidden(d.Key) {
			continue
		}
		if p.survey.Add(d) && p.Limit > 0 && p.survey.Photos == p.Limit {
			break
		}
		if time.Since(said) > plainInterval {
			said = time.Now()
			f := p.survey.Found
			fmt.Fprintf(os.Stderr, "burnish: walked %d photos, of which %d would be done\n", f.Missing+f.Stale+f.Fresh, f.Photos)
		}
	}
	if len(p.asked.Keys) > 0 {
		p.survey.Listed = 0
	}
	return nil
}

// keep writes the plan to a file for later.
func (p *plan) keep(made *batch.Plan) error {
	if p.Save == "" {
		return nil
	}
	data, err := made.JSON()
	if err == nil {
		err = os.WriteFile(p.Save, data, 0o666)
	}
	if err != nil {
		return fmt.Errorf("--save: %w", err)
	}
	return nil
}

// readPlan reads a plan for a batch that is to follow it.
func readPlan(file string) (*batch.Plan, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, exit{exitUsage, fmt.Errorf("--plan: %w", err)}
	}
	made, err := batch.ParsePlan(data)
	if err != nil {
		return nil, exit{exitUsage, fmt.Errorf("--plan %s: %w; burnish plan --save makes one", file, err)}
	}
	return made, nil
}
