package ledger_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ledger"
)

// mixed is what the summaries below are of.
var mixed = []ledger.Outcome{
	done("p1.jpg", 5_000_000, 800_000, 300_000),
	done("p2.jpg", 900_000, 200_000, 250_000),
	done("grown.jpg", 1_000, 2_000, 3_000),
	ended("c1", ledger.Failed, imaging.Corrupt, -time.Hour),
	ended("c2", ledger.Failed, imaging.Corrupt, 0),
	ended("\xff", ledger.Failed, imaging.Timeout, 0),
	ended("s", ledger.Skipped, imaging.Link, time.Hour),
}

var mixedSummary = ledger.Summary{
	Done:        3,
	Skipped:     map[imaging.Reason]int64{imaging.Link: 1},
	Failed:      map[imaging.Reason]int64{imaging.Corrupt: 2, imaging.Timeout: 1},
	Again:       4,
	SourceBytes: 5_901_000,
	Written: map[imaging.Format]ledger.Written{
		imaging.JPEG: {Variants: 12, Bytes: 1_002_000},
		imaging.AVIF: {Variants: 12, Bytes: 553_000},
	},
	CPU:   720 * time.Millisecond,
	First: noon.Add(-time.Hour),
	Last:  noon.Add(time.Hour),
	Savings: []ledger.Saving{
		{Key: "p1.jpg", SourceBytes: 5_000_000, Format: imaging.AVIF, Bytes: 300_000},
		{Key: "p2.jpg", SourceBytes: 900_000, Format: imaging.JPEG, Bytes: 200_000},
	},
	Examples: map[imaging.Reason][]queue.Key{
		imaging.Corrupt: {"c1", "c2"},
		imaging.Timeout: {"\xff"},
		imaging.Link:    {"s"},
	},
}

func TestCount(t *testing.T) {
	var got ledger.Summary
	for _, o := range mixed {
		got.Count(o)
	}
	if d := cmp.Diff(mixedSummary, got); d != "" {
		t.Errorf("summary (-want +got):\n%s", d)
	}
	if got.Outcomes() != 7 {
		t.Errorf("%d outcomes, want 7", got.Outcomes())
	}
}

func TestAddIsCount(t *testing.T) {
	for split := range len(mixed) + 1 {
		var a, b, total ledger.Summary
		for i, o := range mixed {
			if i < split {
				a.Count(o)
			} else {
				b.Count(o)
			}
		}
		total.Add(a)
		total.Add(b)
		if d := cmp.Diff(mixedSummary, total); d != "" {
			t.Errorf("split at %d (-want +got):\n%s", split, d)
		}
	}
}

func TestAddLeavesTheOtherAlone(t *testing.T) {
	var a, total ledger.Summary
	a.Count(mixed[0])
	a.Count(mixed[3])
	total.Add(a)
	for _, o := range mixed {
		total.Count(o)
	}
	if a.Failed[imaging.Corrupt] != 1 || len(a.Examples[imaging.Corrupt]) != 1 || len(a.Savings) != 1 || a.Written[imaging.JPEG].Variants != 4 {
		t.Errorf("the summary that was added has changed: %+v", a)
	}
}

func TestQuotesAreFewAndTheLargest(t *testing.T) {
	var s ledger.Summary
	for i := range 20 {
		s.Count(done(fmt.Sprintf("p%02d", i*7%20), int64(1000+i*7%20), 10, 20))
		s.Count(ended(fmt.Sprint(i), ledger.Failed, imaging.Crashed, 0))
	}
	s.Count(done("p19", 5000, 10, 20)) // the same photo, larger since
	s.Count(done("p18", 10, 5, 5))     // and one smaller since
	var got []string
	for _, v := range s.Savings {
		got = append(got, fmt.Sprint(v.Key, " ", v.Saved()))
	}
	if d := cmp.Diff([]string{"p19 4990", "p18 1008", "p17 1007", "p16 1006", "p15 1005"}, got); d != "" {
		t.Errorf("savings (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]queue.Key{"0", "1", "2", "3", "4"}, s.Examples[imaging.Crashed]); d != "" {
		t.Errorf("examples (-want +got):\n%s", d)
	}
}

func TestSummarizeReadsNoBodies(t *testing.T) {
	st := newMemory()
	write(t, st, mixed[:3]...)
	write(t, st, mixed[3:]...)
	st.change(ledger.Folder(batch)+"ledger/.DS_Store", func(*object) {})
	st.change(ledger.Folder(batch)+"ledger/old/1.parquet", func(*object) {})
	got, err := ledger.Summarize(t.Context(), st, batch)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(mixedSummary, got); d != "" {
		t.Errorf("summary (-want +got):\n%s", d)
	}
	if len(st.reads) != 0 {
		t.Errorf("read %q", st.reads)
	}
}

func TestSummarizeWithoutMetadata(t *testing.T) {
	cases := []struct {
		name     string
		metadata map[string]string
	}{
		{"lost", nil},
		{"of something else", map[string]string{"generation": "7"}},
		{"not JSON", map[string]string{"ledger": "{"}},
		{"empty", map[string]string{"ledger": ""}},
		{"a lie", map[string]string{"ledger": `{"version":1,"done":-5}`}},
		{"huge", map[string]string{"ledger": strings.Repeat(" ", 1<<20)}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			st := newMemory()
			write(t, st, mixed...)
			st.change(st.names()[0], func(o *object) { o.attrs.Metadata = c.metadata })
			got, err := ledger.Summarize(t.Context(), st, batch)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(mixedSummary, got); d != "" {
				t.Errorf("summary (-want +got):\n%s", d)
			}
			if len(st.reads) != 1 {
				t.Errorf("%d reads, want the one of the segment", len(st.reads))
			}
		})
	}
}

func TestSummarizeNothing(t *testing.T) {
	got, err := ledger.Summarize(t.Context(), newMemory(), batch)
	if d := cmp.Diff(ledger.Summary{}, got); d != "" || err != nil {
		t.Errorf("summary of nothing: %v (-want +got):\n%s", err, d)
	}
	if _, err := ledger.Summarize(t.Context(), newMemory(), "../x"); err == nil {
		t.Error("a path is taken for a batch id")
	}
}
