package main

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"
	"time"

	"burnish/imaging"
	"burnish/worker/batch"
)

// planText writes a plan for people.
func planText(out io.Writer, p *batch.Plan, s *sampled) error {
	fmt.Fprintf(out, "%s → %s\nrecipe %s (%s)\n\n", line(p.Source), line(p.Dest), line(p.Recipe), line(p.Fingerprint))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	found(w, p.Found)
	if p.Found.Photos > 0 {
		estimates(w, p)
		assumptions(w, p, s)
	}
	return w.Flush()
}

func found(w io.Writer, f batch.Found) {
	fmt.Fprintf(w, "to be done\t%d\t%s\n", f.Photos, size(f.Bytes))
	fmt.Fprintf(w, "  missing\t%d\n  stale\t%d\n", f.Missing, f.Stale)
	for _, why := range []struct {
		why  batch.Why
		text string
	}{
		{batch.NewGeneration, "the photo has changed"},
		{batch.NewRecipe, "the recipe or the imager has changed"},
		{batch.Unreadable, "the manifest cannot be read"},
	} {
		if n := f.Why[why.why]; n > 0 {
			fmt.Fprintf(w, "    %s\t%d\n", why.text, n)
		}
	}
	fmt.Fprintf(w, "fresh\t%d\n", f.Fresh)
	if f.Absent > 0 {
		fmt.Fprintf(w, "listed without a photo\t%d\n", f.Absent)
	}
}

func estimates(w io.Writer, p *batch.Plan) {
	e := p.Estimate
	fmt.Fprint(w, "\nestimate\texpected\tat least\tat most\n")
	row := func(what string, i batch.Interval, form func(float64) string) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", what, form(i.Expected), form(i.Low), form(i.High))
	}
	row("photos done", e.Done, number)
	row("CPU", e.CPUHours, hours)
	row(fmt.Sprintf("wall time, %d cores", e.Cores), e.WallHours, hours)
	row("write operations", e.Writes, number)
	row("read operations", e.Reads, number)
	for _, format := range imaging.Written {
		if i, ok := e.Formats[format]; ok {
			row("  "+string(format), i, amount)
		}
	}
	row("bytes of variants", e.Bytes, amount)
	fmt.Fprintf(w, "\nUS dollars\texpected\tat least\tat most\n")
	row("CPU", e.CPU, dollars)
	row("writes", e.Write, dollars)
	row("reads", e.Read, dollars)
	row("total", e.Total, dollars)
	row("listings, besides", batch.Interval{Expected: e.List, Low: e.List, High: e.List}, dollars)
	row("storage, a month", e.Month, dollars)
}

// assumptions says what the figures rest on.
func assumptions(w io.Writer, p *batch.Plan, s *sampled) {
	fmt.Fprintf(w, "\nThe estimate rests on %d photos that were processed here. ", p.Sample)
	if first, n := s.failed(); n > 0 {
		fmt.Fprintf(w, "%d of them were not done, for instance\n%s (%s). ", n, text(first.Key), first.Reason)
	}
	fmt.Fprintf(w, `It assumes cores
as fast as this machine's that do nothing else, each photo done once, and prices of %s
(%s).
It leaves out cores that wait, memory, messages, the ledger and what visitors load.
`, line(p.Prices.AsOf), line(p.Prices.Source))
	if p.Estimate.Done.Low < p.Estimate.Done.High || p.Sample < p.Found.Photos {
		fmt.Fprint(w, "The bounds hold a figure in 19 cases of 20, as far as the sample's spread tells.\n")
	}
	if s.sheet != "" {
		fmt.Fprintf(w, "\ncontact sheet: %s\n", s.sheet)
	}
}

func number(v float64) string { return fmt.Sprintf("%.0f", v) }
func amount(v float64) string { return size(int64(math.Round(v))) }

// dollars writes cents, and less where there are none.
func dollars(v float64) string {
	if v > 0 && v < 1 {
		return fmt.Sprintf("$%.4f", v)
	}
	return fmt.Sprintf("$%.2f", v)
}

// hours writes a time as a person reads it: to the second below a minute, then coarser.
func hours(v float64) string {
	d := time.Duration(v * float64(time.Hour))
	switch {
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	case d < 48*time.Hour:
		return d.Round(time.Second).String()
	}
	return fmt.Sprintf("%.0f h", v)
}
