package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker"
	"burnish/worker/batch"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

type failuresCmd struct {
	destination `embed:""`
	Batch       string `arg:"" optional:"" help:"A batch: its id, the beginning or end of one, or latest. Without it, all there are."`
	selection   `embed:""`
	CSV         bool `help:"Comma-separated values with a header, for spreadsheets and programs." xor:"form"`
	JSON        bool `help:"One JSON object a line." xor:"form"`
}

// Help tells what the list means.
func (*failuresCmd) Help() string {
	return `Lists the photos whose latest outcome in the batch, or in any, is a failure and which have not
been published since: what is broken now. They come as they stand in the ledger, not sorted.

Keys are written as one line of UTF-8: a backslash is doubled and a byte that is no UTF-8, or a
control character, is \xNN. In CSV that goes for a first character, too, that a spreadsheet would
take for a formula. inspect, --prefix and lists of keys take this form.

Reasons: ` + strings.Join(reasonWords(), ", ") + `.`
}

// selection chooses among failures, for every verb that does something about them.
type selection struct {
	Reason imaging.Reason `help:"Only those of this reason, for instance corrupt."`
	Prefix string         `help:"Only photos whose path below the source begins so, written as keys are listed."`
}

// filter checks what was asked for.
func (s selection) filter() (ledger.Filter, error) {
	if s.Reason != "" && !slices.Contains(imaging.FailureReasons, s.Reason) {
		return ledger.Filter{}, exit{exitUsage, fmt.Errorf("--reason %s: expected one of %s", s.Reason, strings.Join(reasonWords(), ", "))}
	}
	var prefix queue.Key
	if err := prefix.UnmarshalText([]byte(s.Prefix)); err != nil {
		return ledger.Filter{}, exit{exitUsage, fmt.Errorf("--prefix %q: %w", s.Prefix, err)}
	}
	return ledger.Filter{Status: ledger.Failed, Reason: s.Reason, Prefix: prefix}, nil
}

func reasonWords() []string {
	words := make([]string, len(imaging.FailureReasons))
	for i, r := range imaging.FailureReasons {
		words[i] = string(r)
	}
	return words
}

func (c *failuresCmd) Run() error {
	filter, err := c.filter()
	if err != nil {
		return err
	}
	ctx, id := context.Background(), ""
	st, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	if c.Batch != "" {
		if id, err = findBatch(ctx, st, c.Batch); err != nil {
			return err
		}
	}
	out := bufio.NewWriter(os.Stdout)
	list, damage, n := c.form(out), new(damage), 0
	for o, err := range batch.Broken(ctx, st, id, filter, isPublished) {
		if err != nil {
			damage.add(err)
			continue
		}
		if err := list.add(o); err != nil {
			return err
		}
		n++
	}
	if n == 0 && damage.none() && !known(ctx, st) {
		return exit{exitFailures, fmt.Errorf("nothing has been run into %s yet", c.Dest)}
	}
	return errors.Join(damage.err(), list.end(), out.Flush())
}

// known reports whether there is any batch.
func known(ctx context.Context, st store.Store) bool {
	for range ledger.Newest(ctx, st) {
		return true
	}
	return false
}

// isPublished reports whether a photo that failed is published all the same: its manifest is
// newer than the failure, or of just the bytes and the recipe that failed.
func isPublished(ctx context.Context, o ledger.Outcome, st store.Store) (bool, error) {
	m, _, err := worker.ReadManifest(ctx, st, o.Key)
	switch {
	case err == nil:
		same := m.Generation == o.Generation && m.Fingerprint == o.Fingerprint
		return same || m.Published.After(o.Ended), nil
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, store.ErrThrottled), errors.Is(err, store.ErrDenied):
		return false, fmt.Errorf("manifest of %s: %w", text(o.Key), err)
	}
	return false, nil // none, or none that says anything
}

func (c *failuresCmd) form(out io.Writer) form {
	switch {
	case c.JSON:
		return jsonForm(out)
	case c.CSV:
		return csvForm(out)
	}
	return textForm(out)
}

// damage gathers what could not be read, as far as anybody wants to read of it.
type damage struct {
	first []error
	more  int
}

func (d *damage) add(err error) {
	if len(d.first) < 10 {
		d.first = append(d.first, err)
		return
	}
	d.more++
}

func (d *damage) none() bool { return len(d.first) == 0 }

func (d *damage) err() error {
	if d.more == 0 {
		return errors.Join(d.first...)
	}
	return errors.Join(append(d.first, fmt.Errorf("and %d more like these", d.more))...)
}
