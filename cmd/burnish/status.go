package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"burnish/cmd/internal/setup"
	"burnish/worker/batch"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

type statusCmd struct {
	destination `embed:""`
	Batch       string `arg:"" optional:"" help:"A batch: its id, the beginning or end of one, or latest, which is the default."`
	Watch       bool   `help:"Show it again and again, until it has ended or Ctrl-C."`
	Prices      string `placeholder:"FILE" help:"Prices to reckon with, in YAML. burnish prices prints those that are built in."`
	JSON        bool   `help:"Print JSON; with --watch one object a line."`
}

// Help tells what the figures are.
func (*statusCmd) Help() string {
	return `Shows a batch, and in a line each the runs before the newest. The figures are the counts that
stand beside the segments of the ledger, no segment is read: of a batch that is under way or was
killed, they end up to a minute before now or before its death.

They count outcomes. Delivery is at least once, so a photo may have more than one; how many
outcomes came of a repeated delivery is said where there are any. burnish report counts photos.

Where the failures of a batch were asked for again (burnish rerun), what is still broken is what
no rerun has taken on and what failed in them again.`
}

// earlier is how many runs before the newest are listed.
const earlier = 9

// batchStatus is what `burnish status --json` prints.
type batchStatus struct {
	Batch   *batch.Batch `json:"batch"`          // null where there is only a ledger, as of uploads
	Died    bool         `json:"died,omitempty"` // it still says running, but its process is gone
	Figures summary      `json:"figures"`
	Again   int64        `json:"again"`                 // outcomes of repeated deliveries
	Rate    float64      `json:"rate"`                  // outcomes a second, lately
	Jobs    int64        `json:"jobs,omitempty"`        // that there are to be, where that can be told
	About   bool         `json:"about,omitempty"`       // Jobs is an estimate
	Left    *float64     `json:"secondsLeft,omitempty"` // where Jobs is known
	Saved   int64        `json:"savedBytes"`            // photos less their variants in the smallest format
	Cost    batch.Cost   `json:"costUSD"`
	Prices  batch.Prices `json:"pricesUSD"`

	Planned  []batch.Comparison `json:"planned,omitempty"` // of a batch that has ended and was planned
	Standing batch.Standing     `json:"standing"`
	Earlier  []*batch.Batch     `json:"earlier"`
}

func (c *statusCmd) Run() error {
	prices, err := prices(c.Prices)
	if err != nil {
		return err
	}
	ctx := context.Background()
	st, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	if c.Watch {
		return c.watch(st, prices)
	}
	s, err := c.status(ctx, st, prices)
	if s == nil {
		return err
	}
	return errors.Join(s.print(os.Stdout, c.JSON), err)
}

// prices reads a price file, or takes the prices that are built in.
func prices(file string) (batch.Prices, error) {
	if file == "" {
		return batch.BuiltinPrices(), nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return batch.Prices{}, exit{exitUsage, err}
	}
	p, err := batch.ParsePrices(data)
	if err != nil {
		return p, exit{exitUsage, fmt.Errorf("%s: %w", file, err)}
	}
	return p, nil
}

// status gathers what is shown. Damaged records and segments are an error beside it; without
// it, the error says why there is nothing to show.
func (c *statusCmd) status(ctx context.Context, st store.Store, prices batch.Prices) (*batchStatus, error) {
	id, err := findBatch(ctx, st, c.Batch)
	if err != nil {
		return nil, err
	}
	s := &batchStatus{Prices: prices, Earlier: []*batch.Batch{}}
	s.Batch, err = batch.Load(ctx, st, id)
	if errors.Is(err, store.ErrNotExist) {
		err = nil
	}
	damaged := errors.Join(err, s.count(ctx, st, id))
	if c.Batch == "" || c.Batch == batch.Latest {
		damaged = errors.Join(damaged, s.before(ctx, st, id))
	}
	return s, damaged
}

// lately is how far back a rate is told from.
const lately = 15 * time.Minute

// count adds what the ledger knows.
func (s *batchStatus) count(ctx context.Context, st store.Store, id string) error {
	all, late, damaged := ledger.Lately(ctx, st, id, time.Now().Add(-lately))
	s.Figures = summarize(all)
	s.Figures.Batch = id
	s.Again, s.Cost, s.Saved = all.Again, s.Prices.Cost(all), saved(all)
	s.Rate = rate(all)
	if r := rate(late); r > 0 {
		s.Rate = r
	}
	if b := s.Batch; b != nil {
		s.Died = died(ctx, st, b)
		s.Figures.Fresh += b.Totals.Fresh
		s.Figures.State = b.State
		if b.Plan != nil && !b.Ended.IsZero() {
			s.Planned = b.Plan.Compare(all)
		}
		if b.Ended.After(b.Started) {
			s.Figures.Seconds = b.Ended.Sub(b.Started).Seconds()
		}
		var err error
		if s.Jobs, s.About, err = batch.Foresee(ctx, st, b); err != nil {
			damaged = errors.Join(damaged, err)
		}
		if left := s.Jobs - all.Outcomes(); b.State == batch.Running && !s.Died && left > 0 && s.Rate > 0 {
			seconds := float64(left) / s.Rate
			s.Left = &seconds
		}
	}
	var err error
	s.Standing, err = batch.Stands(ctx, st, id, all)
	return errors.Join(damaged, err)
}

// rate is how many outcomes a second were recorded; 0 where that cannot be told.
func rate(s ledger.Summary) float64 {
	if span := s.Last.Sub(s.First).Seconds(); span > 0 {
		return float64(s.Outcomes()) / span
	}
	return 0
}

// saved is what all variants in the smallest format take less than the photos.
func saved(s ledger.Summary) int64 {
	least := s.SourceBytes
	for _, w := range s.Written {
		least = min(least, w.Bytes)
	}
	return s.SourceBytes - least
}

// before gathers the batches before the newest.
func (s *batchStatus) before(ctx context.Context, st store.Store, newest string) (damaged error) {
	for b, err := range batch.List(ctx, st) {
		switch {
		case err != nil:
			damaged = errors.Join(damaged, err)
		case b.ID != newest:
			s.Earlier = append(s.Earlier, b)
		}
		if len(s.Earlier) == earlier {
			break
		}
	}
	return damaged
}

// died reports whether the process of a batch is gone without having said so. A folder is locked
// from before the record is there until after the last word in it, and so is a bucket by its lease,
// but for runs: theirs cannot be told.
func died(ctx context.Context, st store.Store, b *batch.Batch) bool {
	if b.State != batch.Running {
		return false
	}
	gone := false
	if folder, ok := st.(*store.Directory); ok {
		gone = folder.Abandoned()
	} else if b.Kind != batch.Run {
		held, err := batch.Held(ctx, st)
		gone = err == nil && !held
	}
	if !gone {
		return false
	}
	now, err := batch.Load(ctx, st, b.ID) // it may have ended since it was read
	return err == nil && now.State == batch.Running
}

// over reports whether nothing more will be heard of the batch. One without a record never ends.
func (s *batchStatus) over() bool {
	return s.Died || s.Batch != nil && s.Batch.State != batch.Running
}

func (s *batchStatus) print(out io.Writer, asJSON bool) error {
	if !asJSON {
		return s.text(out)
	}
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(s)
}

// pricesCmd prints the price file that is built in.
type pricesCmd struct{}

// Help tells what to do with it.
func (*pricesCmd) Help() string {
	return `Prints the prices that status reckons with, as a file to change and to give with --prices.`
}

func (*pricesCmd) Run() error {
	_, err := os.Stdout.Write(batch.BuiltinPricesYAML())
	return err
}

// destination is how every verb that looks at what was made names where it stands.
type destination struct {
	Dest string `arg:"" name:"dst" help:"The destination of a run or a fleet: a folder, gs://bucket or gs://bucket/prefix."`
}

// open opens it for reading.
func (d destination) open(ctx context.Context) (setup.Opened, error) {
	return setup.OpenDestination(ctx, d.Dest)
}

// findBatch finds the batch that a person means. None at all is a failure and a name that fits
// none or several is usage.
func findBatch(ctx context.Context, st store.Store, name string) (string, error) {
	id, err := batch.Find(ctx, st, name)
	switch {
	case err == nil:
		return id, nil
	case name == "" || name == batch.Latest:
		return "", exit{exitFailures, err}
	case errors.Is(err, batch.ErrNoBatch):
		return "", exit{exitUsage, fmt.Errorf("%w; burnish status lists the newest", err)}
	}
	return "", exit{exitUsage, err}
}
