package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/batch"
)

// selectFlags say which photos of a source are meant.
type selectFlags struct {
	Prefix  string   `placeholder:"P" help:"Only photos whose path below SRC begins so."`
	Glob    string   `placeholder:"G" help:"Only photos whose path matches, as '**/*.jpg': * stops at slashes, ** does not."`
	Since   string   `placeholder:"T" help:"Only photos updated then or later: a day as 2026-11-30, or a moment as 2026-11-30T22:15:00Z."`
	Before  string   `placeholder:"T" help:"Only photos updated earlier."`
	MinSize string   `placeholder:"SIZE" help:"Only photos of at least so many bytes, as 800KB."`
	MaxSize string   `placeholder:"SIZE" help:"Only photos of at most so many bytes."`
	Sample  string   `placeholder:"S" help:"Only a share of them, as 0.1%: the same photos each time."`
	Keys    []string `placeholder:"FILE" help:"Only photos that the file lists: a key a line (.txt), CSV, JSON Lines or Parquet, such as an inventory report of Cloud Storage or S3. Can be repeated."`
	Limit   int64    `placeholder:"N" help:"At most so many photos."`
}

// filter reads the flags.
func (s selectFlags) filter() (batch.Filter, error) {
	f := batch.Filter{Prefix: queue.Key(s.Prefix), Glob: s.Glob}
	var errs []error
	if s.Limit < 0 {
		errs = append(errs, fmt.Errorf("--limit %d: expected 1 or more", s.Limit))
	}
	errs = append(errs,
		flag("--since", s.Since, &f.Since, batch.ParseTime),
		flag("--before", s.Before, &f.Before, batch.ParseTime),
		flag("--min-size", s.MinSize, &f.MinBytes, batch.ParseBytes),
		flag("--max-size", s.MaxSize, &f.MaxBytes, batch.ParseBytes),
		flag("--sample", s.Sample, &f.Sample, batch.ParseSample),
	)
	if err := errors.Join(errs...); err != nil {
		return f, err
	}
	return f, f.Check()
}

// flag reads the text of a flag, unless it is empty.
func flag[T any](name, text string, into *T, parse func(string) (T, error)) (err error) {
	if text == "" {
		return nil
	}
	if *into, err = parse(text); err != nil {
		return fmt.Errorf("%s %w", name, err)
	}
	return nil
}

// stopFlags say when a batch pauses by itself.
type stopFlags struct {
	StopAt    []string `default:"50%" placeholder:"S" help:"Pause when more than this share failed, as 50%, or of one reason, as corrupt=5%; never stands for no bound. Default: ${default}."`
	StopAfter int64    `default:"1000" placeholder:"N" help:"Outcomes before --stop-at counts. Default: ${default}."`
}

// stop reads the flags.
func (s stopFlags) stop() (*batch.Stop, error) {
	if s.StopAfter < 1 {
		return nil, fmt.Errorf("--stop-after %d: expected 1 or more", s.StopAfter)
	}
	stop := &batch.Stop{After: s.StopAfter, Share: batch.DefaultStop.Share}
	for _, text := range s.StopAt {
		word, share, byReason := strings.Cut(text, "=")
		if !byReason {
			share = word
		}
		n, err := parseShare(share)
		if err != nil {
			return nil, fmt.Errorf("--stop-at %q: %w", text, err)
		}
		reason := imaging.Reason(word)
		switch {
		case !byReason:
			stop.Share = n
		case !slices.Contains(imaging.FailureReasons, reason):
			return nil, fmt.Errorf("--stop-at %q: expected one of the reasons %s", text, strings.Join(reasonWords(), ", "))
		default:
			if stop.Reasons == nil {
				stop.Reasons = make(map[imaging.Reason]float64)
			}
			stop.Reasons[reason] = n
		}
	}
	return stop, nil
}

// parseShare reads 5% as 0.05, and never as 1, which nothing is more than.
func parseShare(text string) (float64, error) {
	if text == "never" {
		return 1, nil
	}
	digits, ok := strings.CutSuffix(text, "%")
	n, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil || !(n >= 0 && n <= 100) {
		return 0, errors.New("expected a share as 5%, or never")
	}
	return n / 100, nil
}
