package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"burnish/imaging"
	"burnish/worker/batch"
)

// moment is how times are shown.
const moment = "2006-01-02 15:04:05"

// text writes the status for people.
func (s *batchStatus) text(out io.Writer) error {
	s.head(out)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	s.Figures.lines(w, 5)
	s.money(w)
	s.planned(w)
	s.standing(w)
	if s.Again > 0 {
		fmt.Fprintf(w, "\nof all these outcomes %d came of a repeated delivery\n", s.Again)
	}
	if len(s.Earlier) > 0 {
		fmt.Fprintln(w, "\nbefore it:")
	}
	for _, b := range s.Earlier {
		fmt.Fprintf(w, "  %s\t%s\t%d done\t%d fresh\t%d skipped\t%d failed\n",
			b.ID, b.State, b.Totals.Done, b.Totals.Fresh, b.Totals.Skipped, b.Totals.Failed)
	}
	return w.Flush()
}

// head says which batch it is and how far it has come.
func (s *batchStatus) head(out io.Writer) {
	b := s.Batch
	if b == nil {
		fmt.Fprintf(out, "batch %s: nobody asked for it, it gathers what belongs to no other\n%s\n\n", s.Figures.Batch, s.pace())
		return
	}
	state := string(b.State)
	if s.Died {
		state = "died"
	}
	fmt.Fprintf(out, "batch %s: %s\n%s → %s\nrecipe %s (%s), by %s, started %s", b.ID, state, line(b.Source), line(b.Dest),
		line(b.Recipe), line(b.Fingerprint), line(b.By), b.Started.Local().Format(moment))
	if !b.Ended.IsZero() {
		fmt.Fprintf(out, ", ended %s", b.Ended.Local().Format(moment))
	}
	if b.Note != "" {
		fmt.Fprintf(out, "\n%s: %s", state, line(b.Note))
	}
	if b.Repairs != "" {
		fmt.Fprintf(out, "\nrepairs batch %s", line(b.Repairs))
	}
	if s.Died {
		fmt.Fprint(out, "\nit ended without closing its books: the same command goes on")
	}
	fmt.Fprintf(out, "\n%s\n\n", s.pace())
}

// pace says: outcomes, of how many, rate, time left.
func (s *batchStatus) pace() string {
	n := s.outcomes()
	text := fmt.Sprintf("%d outcomes", n)
	if s.Jobs > 0 {
		about := ""
		if s.About {
			about = "about "
		}
		text = fmt.Sprintf("%d of %s%d outcomes (%s)", n, about, s.Jobs, share(n, s.Jobs))
	}
	if s.Rate > 0 {
		text += fmt.Sprintf(", %.1f a second", s.Rate)
	}
	if s.Left != nil {
		text += fmt.Sprintf(", %s left", time.Duration(*s.Left*float64(time.Second)).Round(time.Second))
	}
	return text
}

// outcomes is how many the ledger has.
func (s *batchStatus) outcomes() int64 {
	n := s.Figures.Done + s.Figures.Fresh + total(s.Figures.Skipped) + total(s.Figures.Failed)
	if s.Batch != nil {
		n -= s.Batch.Totals.Fresh // they were not even asked for
	}
	return n
}

// money says what was saved and what it cost.
func (s *batchStatus) money(w io.Writer) {
	c := s.Cost
	if s.Figures.Done == 0 {
		return
	}
	fmt.Fprintf(w, "\nsaved\t%s\t%s\tphotos less all their variants in the smallest format\n",
		size(s.Saved), share(s.Saved, s.Figures.SourceBytes))
	fmt.Fprintf(w, "cost so far\t$%.2f\t\tin a cloud at prices of %s: %.1f CPU hours $%.2f, %d writes $%.2f, %d reads $%.2f\n",
		c.Total, line(s.Prices.AsOf), c.CPUHours, c.CPU, c.Writes, c.Write, c.Reads, c.Read)
	fmt.Fprintf(w, "variants\t$%.2f\t\ta month of storage\n", c.Month)
}

// planned sets the plan against what came of it.
func (s *batchStatus) planned(w io.Writer) {
	if len(s.Planned) == 0 {
		return
	}
	fmt.Fprint(w, "\nplanned\texpected\tcame to\tthe plan was off by\n")
	for _, c := range s.Planned {
		off := ""
		if c.Error != nil {
			off = fmt.Sprintf("%+.1f %%", *c.Error)
		}
		form := forms[c.Unit]
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", c.What, form(c.Planned), form(c.Actual), off)
	}
}

// forms write figures by their unit.
var forms = map[string]func(float64) string{"": number, "hours": hours, "bytes": amount, "$": dollars}

// standing says what is still broken, where somebody has tried to repair it.
func (s *batchStatus) standing(w io.Writer) {
	if len(s.Standing.Repairs) == 0 {
		return
	}
	fmt.Fprintln(w)
	printReasons(w, "still broken", s.Standing.Broken, map[imaging.Reason][]string{}, 0)
	if s.Standing.Waiting > 0 {
		fmt.Fprintf(w, "  asked for again\t%d\tand not ended yet\n", s.Standing.Waiting)
	}
	if s.Standing.Dropped > 0 {
		fmt.Fprintf(w, "  asked for again\t%d\tin vain, as the rerun was stopped: rerun once more\n", s.Standing.Dropped)
	}
	for _, b := range s.Standing.Repairs {
		fmt.Fprintf(w, "repaired by\t%s\t%s%s\n", b.ID, b.State, endedAt(b))
	}
}

func endedAt(b *batch.Batch) string {
	if b.Ended.IsZero() {
		return ""
	}
	return ", ended " + b.Ended.Local().Format(moment)
}
