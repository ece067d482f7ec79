package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"

	"burnish/cmd/internal/setup"
	"burnish/worker/batch"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

type statusCmd struct {
	Dest string `arg:"" name:"dst" help:"The destination of a run or a fleet: a folder, gs://bucket or gs://bucket/prefix."`
	JSON bool   `help:"Print JSON."`
}

// Help tells what the figures are.
func (*statusCmd) Help() string {
	return `Shows the newest run into a destination and, in a line each, those before it. The figures are
the counts that stand beside each ledger segment; of a run that is under way or was killed, they
end up to a minute before now or before its death.`
}

// earlier is how many runs before the newest are listed.
const earlier = 9

// destinationStatus is what `burnish status --json` prints.
type destinationStatus struct {
	Newest  *batch.Batch   `json:"newest"`
	Died    bool           `json:"died,omitempty"` // the newest still says running, but its process is gone
	Figures summary        `json:"figures"`
	Earlier []*batch.Batch `json:"earlier"`
}

func (c *statusCmd) Run() error {
	ctx := context.Background()
	st, err := setup.OpenDestination(ctx, c.Dest)
	if err != nil {
		return err
	}
	defer st.Close()
	s, damaged := destination(ctx, st)
	switch {
	case s.Newest == nil && damaged == nil:
		return exit{exitFailures, fmt.Errorf("nothing has been run into %s yet", c.Dest)}
	case s.Newest == nil:
		return damaged
	case c.JSON:
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		return errors.Join(enc.Encode(s), damaged)
	}
	b, state := s.Newest, string(s.Newest.State)
	if s.Died {
		state = "died"
	}
	fmt.Printf("batch %s: %s\n%s → %s\nrecipe %s (%s), by %s, started %s", b.ID, state, b.Source, b.Dest,
		b.Recipe, b.Fingerprint, b.By, b.Started.Local().Format("2006-01-02 15:04:05"))
	if !b.Ended.IsZero() {
		fmt.Printf(", ended %s", b.Ended.Local().Format("2006-01-02 15:04:05"))
	}
	if s.Died {
		fmt.Print("\nit ended without closing its books: the same run goes on")
	}
	fmt.Print("\n\n")
	damaged = errors.Join(damaged, s.Figures.print(os.Stdout))
	if len(s.Earlier) > 0 {
		fmt.Println("\nbefore it:")
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		for _, b := range s.Earlier {
			fmt.Fprintf(w, "  %s\t%s\t%d done\t%d fresh\t%d skipped\t%d failed\n",
				b.ID, b.State, b.Totals.Done, b.Totals.Fresh, b.Totals.Skipped, b.Totals.Failed)
		}
		w.Flush()
	}
	return damaged
}

// destination gathers what is shown. Damaged records and segments are an error beside it.
func destination(ctx context.Context, st store.Store) (s destinationStatus, damaged error) {
	for b, err := range batch.List(ctx, st) {
		switch {
		case err != nil:
			damaged = errors.Join(damaged, err)
		case s.Newest == nil:
			s.Newest = b
		default:
			s.Earlier = append(s.Earlier, b)
		}
		if len(s.Earlier) == earlier {
			break
		}
	}
	if s.Newest == nil {
		return s, damaged
	}
	s.Died = died(ctx, st, s.Newest)
	counted, err := ledger.Summarize(ctx, st, s.Newest.ID)
	s.Figures = summarize(counted)
	s.Figures.Fresh += s.Newest.Totals.Fresh
	s.Figures.Batch, s.Figures.State = s.Newest.ID, s.Newest.State
	if s.Newest.Ended.After(s.Newest.Started) {
		s.Figures.Seconds = s.Newest.Ended.Sub(s.Newest.Started).Seconds()
	}
	return s, errors.Join(damaged, err)
}

// died reports whether it is certain that the process of a run is gone without having said so.
// Only a folder can tell: it is locked by the run from before its record is there until after
// the last word in it.
func died(ctx context.Context, st store.Store, b *batch.Batch) bool {
	folder, ok := st.(*store.Directory)
	if !ok || b.Kind != batch.Run || b.State != batch.Running || !folder.Abandoned() {
		return false
	}
	now, err := batch.Load(ctx, st, b.ID) // it may have ended since it was read
	return err == nil && now.State == batch.Running
}
