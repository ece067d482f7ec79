package ledger

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"burnish/imaging"
)

// maxCount bounds each number of a segment, so that sums over many of them fit an int64.
const maxCount = math.MaxInt64 >> 10

// check reports what no sum of outcomes can be.
func (c counts) check() error {
	if c.Version != version {
		return fmt.Errorf("version is %d", c.Version)
	}
	numbers := []int64{c.Done, c.Again, c.SourceBytes, c.CPUMillis}
	for _, ends := range []map[imaging.Reason]int64{c.Skipped, c.Failed} {
		for reason, n := range ends {
			if !word.MatchString(string(reason)) {
				return fmt.Errorf("%q is no reason", reason)
			}
			numbers = append(numbers, n)
		}
	}
	for format, w := range c.Written {
		if !slices.Contains(imaging.Written, format) {
			return fmt.Errorf("%q is no format of variants", format)
		}
		numbers = append(numbers, int64(w.Variants), w.Bytes)
	}
	for _, n := range numbers {
		if n < 0 || n > maxCount {
			return fmt.Errorf("%d is no count", n)
		}
	}
	if c.CPUMillis > maxCount/int64(time.Millisecond) {
		return fmt.Errorf("%d ms is no CPU time", c.CPUMillis)
	}
	if c.First.IsZero() || c.Last.Before(c.First) {
		return errors.New("the last outcome is before the first")
	}
	return c.checkQuotes()
}

func (c counts) checkQuotes() error {
	if len(c.Savings) > maxSavings {
		return fmt.Errorf("has %d savings", len(c.Savings))
	}
	for _, s := range c.Savings {
		if s.Bytes < 0 || s.SourceBytes <= s.Bytes || !slices.Contains(imaging.Written, s.Format) {
			return fmt.Errorf("%q saves nothing", s.Key)
		}
	}
	for reason, keys := range c.Examples {
		if c.Skipped[reason]+c.Failed[reason] < int64(len(keys)) || len(keys) > maxExamples {
			return fmt.Errorf("has %d examples of %q", len(keys), reason)
		}
	}
	return nil
}
