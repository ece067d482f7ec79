package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"burnish/imaging/gemini/guard"
)

// show writes what the guard got wrong, by half and by kind of damage.
func show(out io.Writer, all []result, photos int) {
	fmt.Fprintf(out, "%d pairs of %d photos\n\n", len(all), photos)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\t\tkept apart\twrong\tto tune on\twrong\t")
	row := func(name, grade string, of func(r result) bool) {
		var n, wrong [2]int
		for _, r := range all {
			if !of(r) {
				continue
			}
			half := 1
			if r.apart {
				half = 0
			}
			n[half]++
			if r.report.Faithful() != (r.kind == "") {
				wrong[half]++
			}
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%d\t%s\t\n", name, grade, n[0], percent(wrong[0], n[0]), n[1], percent(wrong[1], n[1]))
	}
	row("faithful, rejected", "", func(r result) bool { return r.kind == "" })
	row("unfaithful, accepted", "", func(r result) bool { return r.kind != "" })
	for _, kind := range damages() {
		for s, grade := range []string{"slight", "medium", "strong"} {
			row(kind, grade, func(r result) bool { return r.kind == kind && r.strength == s })
		}
	}
	w.Flush()
	var took []time.Duration
	for _, r := range all {
		took = append(took, r.took)
	}
	slices.Sort(took)
	fmt.Fprintf(out, "\n%d ms a pair, 99 of 100 within %d ms\n", took[len(took)/2].Milliseconds(), took[len(took)*99/100].Milliseconds())
	for _, r := range all {
		if r.report.Faithful() != (r.kind == "") && !r.apart {
			fmt.Fprintf(out, "wrong: %s %v\n", r.name(), r.report.Findings)
		}
	}
}

func percent(part, of int) string {
	return fmt.Sprintf("%d (%.1f %%)", part, 100*float64(part)/float64(max(1, of)))
}

func damages() (names []string) {
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return append(names, "moved or scaled")
}

// showScores writes, for the half to tune on, how each score spreads: its worst percent, its worst and
// its median over faithful edits, and how much of each kind of damage lies beyond the worst percent.
func showScores(out io.Writer, all []result) {
	scores := []struct {
		name string
		of   func(r guard.Report) float64 // more is worse
	}{
		{"visible", func(r guard.Report) float64 { return -r.Scores.Visible }},
		{"shift", func(r guard.Report) float64 { return r.Registration.Shift }},
		{"scale", func(r guard.Report) float64 { return max(r.Registration.Scale, 1/max(1e-3, r.Registration.Scale)) - 1 }},
		{"rotation", func(r guard.Report) float64 { return max(r.Registration.Rotation, -r.Registration.Rotation) }},
		{"stretch", func(r guard.Report) float64 { return r.Registration.Stretch }},
		{"outgrown", func(r guard.Report) float64 { return r.Scores.Outgrown }},
		{"structure", func(r guard.Report) float64 { return -r.Scores.Structure }},
		{"worst_tile", func(r guard.Report) float64 { return -r.Scores.WorstTile }},
		{"text", func(r guard.Report) float64 { return -r.Scores.Text }},
		{"edges", func(r guard.Report) float64 { return -min(r.Scores.EdgesKept, r.Scores.EdgesTrue) }},
		{"worst_edge", func(r guard.Report) float64 { return r.Scores.WorstEdge }},
		{"detail", func(r guard.Report) float64 { return -r.Scores.Detail }},
		{"worst_detail", func(r guard.Report) float64 { return -r.Scores.WorstDetail }},
		{"color", func(r guard.Report) float64 { return r.Scores.Color }},
		{"worst_color", func(r guard.Report) float64 { return r.Scores.WorstColor }},
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "\tmedian\t95 %\t99 %\tworst\t")
	for _, k := range damages() {
		fmt.Fprintf(w, "%s\t", k)
	}
	fmt.Fprintln(w)
	for _, s := range scores {
		var good []float64
		for _, r := range all {
			if !r.apart && r.kind == "" && r.report.Scores != (guard.Scores{}) {
				good = append(good, s.of(r.report))
			}
		}
		slices.Sort(good)
		at := func(q float64) float64 { return good[int(q*float64(len(good)-1))] }
		fmt.Fprintf(w, "%s\t%.3f\t%.3f\t%.3f\t%.3f\t", s.name, at(0.5), at(0.95), at(0.99), at(1))
		for _, k := range damages() {
			n, beyond := 0, 0
			for _, r := range all {
				if !r.apart && r.kind == k {
					n++
					if s.of(r.report) > at(1) || r.report.Scores == (guard.Scores{}) {
						beyond++
					}
				}
			}
			fmt.Fprintf(w, "%d/%d\t", beyond, n)
		}
		fmt.Fprintln(w)
	}
	w.Flush()
	fmt.Fprintln(out)
}
