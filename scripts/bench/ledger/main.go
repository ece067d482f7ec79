// Command ledger measures how a ledger of any size is read, over generated outcomes.
//
//	ledger -outcomes 200000000               in memory
//	ledger -outcomes 200000000 -dir FOLDER   in a folder, which is filled first
//
// It prints its figures as JSON. The benchmark calls it, and then burnish on the folder.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"burnish/imaging"
	"burnish/worker/ledger"
	"burnish/worker/store"
	"burnish/worker/store/storetest"
)

// figures is what reading took, in seconds of the clock.
type figures struct {
	Batch    string  `json:"batch"`
	Objects  int     `json:"objects"` // segments
	Fill     float64 `json:"fill"`
	Plain    float64 `json:"plain"`   // status from segments alone
	Digest   float64 `json:"digest"`  // making all digests
	Digests  int     `json:"digests"` // how many
	Status   float64 `json:"status"`  // from digests
	Failures []list  `json:"failures"`
}

// list is what listing the failures of a reason took.
type list struct {
	Reason  imaging.Reason `json:"reason"`
	Found   int            `json:"found"`
	Seconds float64        `json:"seconds"`
}

func main() {
	outcomes := flag.Int("outcomes", 200_000_000, "size of the ledger")
	dir := flag.String("dir", "", "folder to fill; in memory if empty")
	flag.Parse()
	f, err := measure(context.Background(), *dir, *outcomes)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "ledger:", err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, dir string, outcomes int) (f figures, err error) {
	var st store.Store = storetest.NewMemory()
	if dir != "" {
		folder, err := store.OpenDirectory(dir, store.Writable())
		if err != nil {
			return f, err
		}
		defer folder.Close()
		st = folder
	}
	f.Batch = batchID
	if f.Fill, err = timed(func() (err error) {
		f.Objects, err = fill(ctx, st, outcomes)
		return err
	}); err != nil {
		return f, err
	}
	if f.Plain, err = timed(func() error { return status(ctx, st, outcomes) }); err != nil {
		return f, err
	}
	if f.Digest, err = timed(func() (err error) {
		f.Digests, err = ledger.Digest(ctx, st, batchID)
		return err
	}); err != nil {
		return f, err
	}
	if f.Status, err = timed(func() error { return status(ctx, st, outcomes) }); err != nil {
		return f, err
	}
	for _, k := range kinds {
		l := list{Reason: k.reason}
		l.Seconds, err = timed(func() (err error) {
			l.Found, err = failures(ctx, st, k.reason)
			return err
		})
		if want := outcomes / perPile * k.inPile; err == nil && l.Found != want {
			err = fmt.Errorf("%d failures of %s, want %d", l.Found, k.reason, want)
		}
		if err != nil {
			return f, err
		}
		f.Failures = append(f.Failures, l)
	}
	return f, nil
}

func timed(f func() error) (float64, error) {
	begun := time.Now()
	err := f()
	return time.Since(begun).Seconds(), err
}

// status counts as `burnish status` does.
func status(ctx context.Context, st store.Store, outcomes int) error {
	sum, err := ledger.Summarize(ctx, st, batchID)
	if err == nil && sum.Outcomes() != int64(outcomes) {
		err = fmt.Errorf("%d outcomes are counted, want %d", sum.Outcomes(), outcomes)
	}
	return err
}

func failures(ctx context.Context, st store.Store, r imaging.Reason) (n int, err error) {
	for _, err := range ledger.Outcomes(ctx, st, batchID, ledger.Filter{Status: ledger.Failed, Reason: r}) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
