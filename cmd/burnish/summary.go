package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"burnish/imaging"
	"burnish/worker/batch"
	"burnish/worker/ledger"
)

// summary is how a run or a destination stands, for people and for machines.
type summary struct {
	Batch       string                      `json:"batch,omitempty"`
	State       batch.State                 `json:"state,omitempty"`
	Done        int64                       `json:"done"`
	Fresh       int64                       `json:"fresh"` // published before, not touched
	Skipped     map[imaging.Reason]int64    `json:"skipped"`
	Failed      map[imaging.Reason]int64    `json:"failed"`
	SourceBytes int64                       `json:"sourceBytes"`
	Formats     map[imaging.Format]output   `json:"formats"`
	Savings     []saving                    `json:"savings"`
	CPUSeconds  float64                     `json:"cpuSeconds"` // of the imagers
	Seconds     float64                     `json:"seconds"`
	Examples    map[imaging.Reason][]string `json:"examples,omitempty"`
}

type output struct {
	Variants int   `json:"variants"`
	Bytes    int64 `json:"bytes"`
}

type saving struct {
	Key         string         `json:"key"`
	SourceBytes int64          `json:"sourceBytes"`
	Format      imaging.Format `json:"format"`
	Bytes       int64          `json:"bytes"`
}

// summarize puts a ledger's counts into the form that is printed.
func summarize(s ledger.Summary) summary {
	out := summary{
		Done:        s.Done,
		Skipped:     counts(s.Skipped),
		Failed:      counts(s.Failed),
		SourceBytes: s.SourceBytes,
		Formats:     make(map[imaging.Format]output),
		Savings:     []saving{},
		CPUSeconds:  s.CPU.Seconds(),
		Seconds:     s.Last.Sub(s.First).Seconds(),
		Examples:    make(map[imaging.Reason][]string),
	}
	out.Fresh = out.Skipped[imaging.Fresh]
	delete(out.Skipped, imaging.Fresh)
	for format, w := range s.Written {
		out.Formats[format] = output{w.Variants, w.Bytes}
	}
	for _, v := range s.Savings {
		out.Savings = append(out.Savings, saving{text(v.Key), v.SourceBytes, v.Format, v.Bytes})
	}
	for reason, keys := range s.Examples {
		for _, key := range keys {
			out.Examples[reason] = append(out.Examples[reason], text(key))
		}
	}
	return out
}

// counts copies, so that none is {} in JSON and not null.
func counts(of map[imaging.Reason]int64) map[imaging.Reason]int64 {
	m := make(map[imaging.Reason]int64)
	maps.Copy(m, of)
	return m
}

func (s summary) failures() int64 { return total(s.Failed) }

// print writes the closing table.
func (s summary) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	s.lines(w, 1)
	return w.Flush()
}

// lines writes the table with so many examples of each reason.
func (s summary) lines(w io.Writer, examples int) {
	fmt.Fprintf(w, "done\t%d\n", s.Done)
	fmt.Fprintf(w, "fresh\t%d\tpublished before, not touched\n", s.Fresh)
	printReasons(w, "skipped", s.Skipped, s.Examples, examples)
	printReasons(w, "failed", s.Failed, s.Examples, examples)
	if s.Done == 0 {
		return
	}
	fmt.Fprintf(w, "\nbytes in\t%s\t\t%d photos\n", size(s.SourceBytes), s.Done)
	for _, format := range imaging.Written {
		if f, ok := s.Formats[format]; ok {
			fmt.Fprintf(w, "%s out\t%s\t%s\t%d variants\n", format, size(f.Bytes), share(f.Bytes, s.SourceBytes), f.Variants)
		}
	}
	if len(s.Savings) > 0 {
		fmt.Fprint(w, "\nlargest savings: a photo against all its variants in its smallest format\n")
		for _, v := range s.Savings {
			fmt.Fprintf(w, "%s\t→ %s %s\t\t%s\n", size(v.SourceBytes), size(v.Bytes), v.Format, v.Key)
		}
	}
	cpu := time.Duration(s.CPUSeconds / float64(s.Done) * float64(time.Second))
	fmt.Fprintf(w, "\nCPU per photo\t%s\t\t%.1f photos a second\n", cpu.Round(time.Millisecond), float64(s.Done)/max(s.Seconds, 1e-3))
}

func printReasons(w io.Writer, what string, counts map[imaging.Reason]int64, examples map[imaging.Reason][]string, most int) {
	fmt.Fprintf(w, "%s\t%d\n", what, total(counts))
	for _, reason := range byCount(counts) {
		keys := examples[reason]
		keys = keys[:min(len(keys), most)]
		first := ""
		if len(keys) > 0 {
			first = "for instance " + keys[0]
			keys = keys[1:]
		}
		fmt.Fprintf(w, "  %s\t%d\t%s\n", reason, counts[reason], first)
		for _, key := range keys {
			fmt.Fprintf(w, "\t\t%s\n", key)
		}
	}
}

// byCount lists reasons, the commonest first.
func byCount(counts map[imaging.Reason]int64) []imaging.Reason {
	return slices.SortedFunc(maps.Keys(counts), func(a, b imaging.Reason) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}

func share(part, whole int64) string {
	if whole == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f %%", 100*float64(part)/float64(whole))
}

func total(counts map[imaging.Reason]int64) (n int64) {
	for c := range maps.Values(counts) {
		n += c
	}
	return n
}
