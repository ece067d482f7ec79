package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"burnish/cmd/internal/setup"
	"burnish/imaging"
	"burnish/queue"
	"burnish/worker"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

type failuresCmd struct {
	Dest   string         `arg:"" name:"dst" help:"The destination of a run or a fleet: a folder, gs://bucket or gs://bucket/prefix."`
	Reason imaging.Reason `help:"Only those of this reason, for instance corrupt."`
	Prefix string         `help:"Only photos whose path below the source begins so."`
	JSON   bool           `help:"One JSON object a line."`
}

// Help tells what the list means.
func (*failuresCmd) Help() string {
	return `Lists every photo whose latest outcome is a failure, over all runs into the destination: what
is broken now. A photo that a later run has mended is not listed. Run again to try them again.

Reasons: ` + strings.Join(reasonWords(), ", ") + `.`
}

func reasonWords() []string {
	words := make([]string, len(imaging.FailureReasons))
	for i, r := range imaging.FailureReasons {
		words[i] = string(r)
	}
	return words
}

type failure struct {
	Key     string         `json:"key"`
	Reason  imaging.Reason `json:"reason"`
	Message string         `json:"message"`
	Bytes   int64          `json:"bytes"`
	Batch   string         `json:"batch"`
	Ended   time.Time      `json:"ended"`
}

func (c *failuresCmd) Run() error {
	if c.Reason != "" && !slices.Contains(imaging.FailureReasons, c.Reason) {
		return exit{exitUsage, fmt.Errorf("--reason %s: expected one of %s", c.Reason, strings.Join(reasonWords(), ", "))}
	}
	ctx := context.Background()
	st, err := setup.OpenDestination(ctx, c.Dest)
	if err != nil {
		return err
	}
	defer st.Close()
	byReason := make(map[imaging.Reason][]failure)
	var damaged error
	filter := ledger.Filter{Status: ledger.Failed, Reason: c.Reason, Prefix: queue.Key(c.Prefix)}
	for o, err := range ledger.Latest(ctx, st, filter) {
		if err != nil {
			damaged = errors.Join(damaged, err)
			continue
		}
		if mended(ctx, st, o) {
			continue
		}
		byReason[o.Reason] = append(byReason[o.Reason], failure{text(o.Key), o.Reason, o.Message, o.SourceBytes, o.Batch, o.Ended})
	}
	if batches, err := ledger.Batches(ctx, st); err == nil && len(batches) == 0 {
		return exit{exitFailures, fmt.Errorf("nothing has been run into %s yet", c.Dest)}
	}
	return errors.Join(damaged, c.print(byReason))
}

func (c *failuresCmd) print(byReason map[imaging.Reason][]failure) error {
	out := bufio.NewWriter(os.Stdout)
	enc, n := json.NewEncoder(out), 0
	for _, reason := range imaging.FailureReasons {
		list := byReason[reason]
		slices.SortFunc(list, func(a, b failure) int { return strings.Compare(a.Key, b.Key) })
		if len(list) > 0 && !c.JSON {
			fmt.Fprintf(out, "%s: %d\n", reason, len(list))
		}
		for _, f := range list {
			n++
			if c.JSON {
				_ = enc.Encode(f) // what it meets, Flush tells
				continue
			}
			fmt.Fprintf(out, "  %s\n      %s\n", f.Key, line(f.Message))
		}
	}
	if n == 0 && !c.JSON {
		fmt.Fprintln(out, "no failures")
	}
	return out.Flush()
}

// mended reports whether the photo was published after it failed by a run that died before
// its ledger was written.
func mended(ctx context.Context, st store.Store, o ledger.Outcome) bool {
	m, _, err := worker.ReadManifest(ctx, st, o.Key)
	return err == nil && m.Published.After(o.Ended)
}
