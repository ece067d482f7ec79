package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"text/tabwriter"

	"burnish/imaging"
	"burnish/worker/batch"
	"burnish/worker/ledger"
	"burnish/worker/ordered"
	"burnish/worker/store"
)

// repair is what of a batch is asked for again.
type repair struct {
	id     string
	filter ledger.Filter
	asked  map[imaging.Reason]int64
	left   map[imaging.Reason]int64 // what else of the batch is broken
	gone   int64                    // of them, photos that are not in the source any more
	noJobs int64                    // of them, messages that were none
}

// count goes through all failures of the batch once, to know how many there are before anything
// is asked for: the record of the new batch says so, and the status of the old one needs it.
func (p *repair) count(ctx context.Context, src, dst store.Store) error {
	p.asked, p.left = make(map[imaging.Reason]int64), make(map[imaging.Reason]int64)
	damage := new(damage)
	for c, err := range p.candidates(ctx, src, dst, ledger.Filter{}) {
		switch {
		case err != nil:
			damage.add(err)
		case !p.wants(c.Outcome):
			p.left[c.Reason]++
		case c.Reason == imaging.Malformed:
			p.left[c.Reason]++
			p.noJobs++
		case c.gone:
			p.left[c.Reason]++
			p.gone++
		default:
			p.asked[c.Reason]++
		}
	}
	return errors.Join(ctx.Err(), damage.err())
}

// wants reports whether a failure is among those that are meant.
func (p *repair) wants(o ledger.Outcome) bool {
	return (p.filter.Reason == "" || p.filter.Reason == o.Reason) && strings.HasPrefix(string(o.Key), string(p.filter.Prefix))
}

// candidate is a failure that is still not published.
type candidate struct {
	ledger.Outcome
	gone bool // its photo
}

// candidates looks for the photo of each failure, of several at a time.
func (p *repair) candidates(ctx context.Context, src, dst store.Store, f ledger.Filter) iter.Seq2[candidate, error] {
	return ordered.Map(ctx, lookups, batch.Broken(ctx, dst, p.id, f, isPublished), func(ctx context.Context, o ledger.Outcome) (candidate, error) {
		if o.Reason == imaging.Malformed || !p.wants(o) {
			return candidate{o, false}, nil
		}
		_, err := src.Stat(ctx, string(o.Key)) // whatever else is wrong with it, the worker says
		return candidate{o, errors.Is(err, store.ErrNotExist)}, nil
	})
}

// lookups is how many photos are looked for at once.
const lookups = 16

// find asks for all of them.
func (p *repair) find(ctx context.Context, src, dst store.Store) iter.Seq2[batch.Decision, error] {
	return func(yield func(batch.Decision, error) bool) {
		for c, err := range p.candidates(ctx, src, dst, p.filter) {
			if err == nil && (c.gone || c.Reason == imaging.Malformed) {
				continue
			}
			// No generation: the photo may have been mended since.
			if !yield(batch.Decision{Key: c.Key, State: batch.Missing, Bytes: c.SourceBytes}, err) {
				return
			}
		}
	}
}

func (p *repair) total() int64 { return total(p.asked) }

func (p *repair) print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	printReasons(w, "to do again in batch "+p.id, p.asked, nil, 0)
	if p.gone > 0 {
		fmt.Fprintf(w, "left out\t%d\tgone from the source\n", p.gone)
	}
	if p.noJobs > 0 {
		fmt.Fprintf(w, "left out\t%d\tmessages that were no jobs\n", p.noJobs)
	}
	fmt.Fprintln(w)
	w.Flush() // what it meets, the next line tells
}
