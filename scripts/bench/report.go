package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
)

// report collects the figures of a run as tables.
type report struct {
	Versions map[string]map[string]string `json:"versions,omitempty"`
	Tables   []*table                     `json:"tables"`
}

type table struct {
	Part  string `json:"part"`
	Title string `json:"title"`
	Note  string `json:"note,omitempty"`
	Rows  []row  `json:"rows"`
}

// row is one figure: numbers, or words.
type row struct {
	Name   string  `json:"name"`
	Unit   string  `json:"unit,omitempty"`
	Figure *spread `json:"figure,omitempty"`
	Text   string  `json:"text,omitempty"`
	Target string  `json:"target,omitempty"`
	Met    *bool   `json:"met,omitempty"`
}

// bound is a target: what is said of it, and whether a median meets it.
type bound struct {
	words string
	met   func(float64) bool
}

func atMost(v float64) bound {
	return bound{fmt.Sprintf("at most %g", v), func(x float64) bool { return x <= v }}
}

func atLeast(v float64) bound {
	return bound{fmt.Sprintf("at least %g", v), func(x float64) bool { return x >= v }}
}

func (r *report) table(part, title, note string) *table {
	t := &table{Part: part, Title: title, Note: note}
	r.Tables = append(r.Tables, t)
	return t
}

func (t *table) spread(name, unit string, s spread) {
	t.Rows = append(t.Rows, row{Name: name, Unit: unit, Figure: &s})
}

func (t *table) text(name, words string) { t.Rows = append(t.Rows, row{Name: name, Text: words}) }

func (t *table) target(name string, s spread, b bound) {
	met := b.met(s.Median)
	t.Rows = append(t.Rows, row{Name: name, Figure: &s, Target: b.words, Met: &met})
}

func (r *report) print(w io.Writer) {
	for who, versions := range r.Versions {
		fmt.Fprintf(w, "%s: %v\n", who, versions)
	}
	for _, t := range r.Tables {
		fmt.Fprintf(w, "\n%s\n", t.Title)
		if t.Note != "" {
			fmt.Fprintf(w, "(%s)\n", t.Note)
		}
		for _, row := range t.Rows {
			fmt.Fprintf(w, "  %-58s %s\n", row.Name, row.value())
		}
	}
}

func (r row) value() string {
	s := r.Text
	if r.Figure != nil {
		s = fmt.Sprintf("%.3f", r.Figure.Median)
		if r.Figure.Min != r.Figure.Max && !math.IsNaN(r.Figure.Min) {
			s = r.Figure.String()
		}
		if r.Unit != "" {
			s += " " + r.Unit
		}
	}
	if r.Met != nil {
		verdict := "reached"
		if !*r.Met {
			verdict = "MISSED"
		}
		s += fmt.Sprintf("   %s: %s", r.Target, verdict)
	}
	return s
}

// save writes the figures as JSON; without a file name it does nothing.
func (r *report) save(file string) error {
	if file == "" {
		return nil
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o644)
}
