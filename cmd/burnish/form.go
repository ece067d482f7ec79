package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"burnish/imaging"
	"burnish/worker/ledger"
)

// form writes outcomes in some form.
type form struct {
	add func(ledger.Outcome) error
	end func() error
}

func csvForm(out io.Writer) form {
	w := csv.NewWriter(out)
	_ = w.Write(csvHeader) // what it meets, end tells
	return form{
		add: func(o ledger.Outcome) error { return w.Write(csvRecord(o)) },
		end: func() error {
			w.Flush()
			return w.Error()
		},
	}
}

func parquetForm(out io.Writer) form {
	w := ledger.NewReport(out)
	return form{add: w.Write, end: w.Close}
}

// textForm writes two lines for each, and how many there were of each reason.
func textForm(out io.Writer) form {
	counts := make(map[imaging.Reason]int)
	return form{
		add: func(o ledger.Outcome) error {
			counts[o.Reason]++
			_, err := fmt.Fprintf(out, "%s\n    %s: %s\n", text(o.Key), o.Reason, line(o.Message))
			return err
		},
		end: func() error {
			if len(counts) == 0 {
				fmt.Fprintln(out, "no failures")
			} else {
				fmt.Fprintln(out)
			}
			for _, reason := range slices.Sorted(maps.Keys(counts)) {
				fmt.Fprintf(out, "%s: %d\n", reason, counts[reason])
			}
			return nil // what it meets, Flush tells
		},
	}
}

type failure struct {
	Key     string         `json:"key"`
	Reason  imaging.Reason `json:"reason"`
	Message string         `json:"message"`
	Bytes   int64          `json:"bytes"`
	Batch   string         `json:"batch"`
	Ended   time.Time      `json:"ended"`
}

func jsonForm(out io.Writer) form {
	enc := json.NewEncoder(out)
	return form{
		add: func(o ledger.Outcome) error {
			return enc.Encode(failure{text(o.Key), o.Reason, o.Message, o.SourceBytes, o.Batch, o.Ended})
		},
		end: func() error { return nil },
	}
}
