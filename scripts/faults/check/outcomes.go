package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ledger"
)

// collection is what the outcomes of a job are kept in: its batch, or for jobs of no batch
// those of its lane.
func collection(batch string, lane queue.Lane) string {
	if batch == "" {
		return "lane " + string(lane)
	}
	return batch
}

// recorded is the collection of an outcome in the ledger. The recorder keeps what belongs to no
// batch in one for each lane and day.
func recorded(o ledger.Outcome) string {
	if _, lane, ok := strings.Cut(o.Batch, "Z-"); ok {
		return "lane " + lane
	}
	return collection(o.Batch, o.Lane)
}

// at is a photo in a collection.
type at struct {
	collection string
	key        queue.Key
}

func (e *Evidence) byPhoto() map[at][]ledger.Outcome {
	m := make(map[at][]ledger.Outcome)
	for _, o := range e.Ledger {
		p := at{recorded(o), o.Key}
		m[p] = append(m[p], o)
	}
	return m
}

// lost finds jobs without an outcome. A job ends with an outcome of the generation that it asks
// for, or of a newer one: a worker takes the newest that there is. One that asks for none in
// particular ends with the generation that was there when it was accepted, or a newer one.
func lost(e *Evidence) []string {
	outcomes := e.byPhoto()
	var all []string
	for _, j := range e.Jobs {
		mine := outcomes[at{collection(j.Batch, j.Lane), j.Key}]
		if !slices.ContainsFunc(mine, func(o ledger.Outcome) bool { return ends(e, j, o) }) {
			all = append(all, fmt.Sprintf("%s %q: %d outcomes, none of generation %d or later",
				collection(j.Batch, j.Lane), j.Key, len(mine), j.oldest()))
		}
	}
	return all
}

// early finds jobs that were acked when none of their outcomes had been published: had the
// worker died then, they would have been lost.
func early(e *Evidence) []string {
	type nth struct {
		ledger.Outcome
		n int
	}
	outcomes := make(map[at][]nth)
	for n, o := range e.Published {
		p := at{recorded(o), o.Key}
		outcomes[p] = append(outcomes[p], nth{o, n})
	}
	var all []string
	for _, j := range e.Jobs {
		before, ok := e.Acked[j.ID]
		if ok && !slices.ContainsFunc(outcomes[at{collection(j.Batch, j.Lane), j.Key}], func(o nth) bool {
			return o.n < before && ends(e, j, o.Outcome)
		}) {
			all = append(all, fmt.Sprintf("message %s: %s %q, generation %d, after %d outcomes of other jobs",
				j.ID, collection(j.Batch, j.Lane), j.Key, j.oldest(), before))
		}
	}
	return all
}

// oldest is the oldest generation with which the job may end.
func (j Job) oldest() int64 { return cmp.Or(j.Generation, j.Since) }

// ends reports whether an outcome is an end of the job.
func ends(e *Evidence, j Job, o ledger.Outcome) bool {
	switch {
	case o.Generation >= j.oldest():
		return true
	case o.Reason == imaging.NotFound:
		return e.Gone[j.Key]
	default: // it failed before a worker knew the generation, or on the way to one
		return (o.Generation == 0 || o.Generation == j.Generation) && e.excused(o)
	}
}

func malformed(e *Evidence) []string {
	ended := make(map[queue.Key]bool)
	for _, o := range e.Ledger {
		ended[o.Key] = ended[o.Key] || o.Status == ledger.Failed && o.Reason == imaging.Malformed
	}
	var all []string
	for _, name := range e.Malformed {
		if !ended[name] {
			all = append(all, string(name))
		}
	}
	return all
}

// one is what readers of the ledger count once.
type one struct {
	at
	generation int64
}

func oneOf(o ledger.Outcome) one { return one{at{recorded(o), o.Key}, o.Generation} }

// unrecorded finds outcomes that a worker published and no recorder wrote. An outcome that
// ended later stands for it.
func unrecorded(e *Evidence) []string {
	last := make(map[one]time.Time)
	for _, o := range e.Ledger {
		if id := oneOf(o); o.Ended.After(last[id]) {
			last[id] = o.Ended
		}
	}
	var all []string
	for _, o := range e.Published {
		// Outcomes travel with their time in milliseconds.
		if o.Ended.Truncate(time.Millisecond).After(last[oneOf(o)]) {
			all = append(all, describe(o))
		}
	}
	return all
}

// twice finds jobs of which readers are told two ends, or one other than what was reached
// before: what is published does not fail any more.
func twice(e *Evidence) []string {
	var all []string
	final := make(map[one]ledger.Outcome)
	for _, o := range e.Ledger {
		id := oneOf(o)
		if have, ok := final[id]; ok && have.Batch == o.Batch {
			all = append(all, fmt.Sprintf("%s, and %s", describe(have), describe(o)))
		}
		final[id] = o
	}
	for _, o := range e.Published {
		f, ok := final[oneOf(o)]
		if ok && o.Status == ledger.Done && f.Status == ledger.Failed {
			all = append(all, fmt.Sprintf("%s, but the final one is %s", describe(o), describe(f)))
		}
	}
	return all
}

// own is how each kind of photo ends by itself.
var own = map[Kind]struct {
	status ledger.Status
	reason imaging.Reason
}{
	Good:        {ledger.Done, ""},
	Corrupt:     {ledger.Failed, imaging.Corrupt},
	Truncated:   {ledger.Failed, imaging.Truncated},
	Unsupported: {ledger.Failed, imaging.Unsupported},
	NotAPhoto:   {ledger.Skipped, imaging.NotAPhoto},
	Crashes:     {ledger.Failed, imaging.Crashed},
	Hangs:       {ledger.Failed, imaging.Timeout},
}

// wrong finds outcomes, on their way or in the ledger, that the photo cannot have.
func wrong(e *Evidence) []string {
	kinds := make(map[queue.Key]map[int64]Kind)
	for key, contents := range e.Photos {
		kinds[key] = make(map[int64]Kind)
		for _, c := range contents {
			kinds[key][c.Generation] = c.Kind
		}
	}
	var all []string
	for _, o := range slices.Concat(e.Published, e.Ledger) {
		kind, known := kinds[o.Key][o.Generation]
		switch {
		case o.Reason == imaging.Malformed && slices.Contains(e.Malformed, o.Key), e.excused(o):
		case o.Generation == 0 && o.Reason == imaging.NotFound && (e.Gone[o.Key] || e.Photos[o.Key] == nil):
		case !known:
			all = append(all, describe(o)+", of which there was no such generation")
		case o.Status == own[kind].status && o.Reason == own[kind].reason:
		case o.Status == ledger.Skipped && o.Reason == imaging.Superseded: // by whatever kind
		case kind == Good && o.Status == ledger.Skipped && o.Reason == imaging.Fresh:
		default:
			all = append(all, fmt.Sprintf("%s, which was made to be %s", describe(o), kind))
		}
	}
	return all
}

// excused reports whether a failure can come from the faults alone.
func (e *Evidence) excused(o ledger.Outcome) bool {
	if o.Status != ledger.Failed {
		return false
	}
	f := e.Faults
	switch o.Reason {
	case imaging.Crashed:
		return f.Imagers > 0
	case imaging.Timeout: // the deadline is short, and processes that start take the CPU
		return f.Frozen+f.Workers > 0
	case imaging.Unavailable, imaging.Throttled:
		return len(f.Services) > 0
	case imaging.Internal: // worker after worker died on it
		return f.Workers > 0 && strings.HasPrefix(o.Message, "given up after ")
	}
	return false
}

// Excused counts the outcomes in the ledger that are failures of good photos.
func (e *Evidence) Excused() map[imaging.Reason]int {
	n := make(map[imaging.Reason]int)
	for _, o := range e.Ledger {
		i := slices.IndexFunc(e.Photos[o.Key], func(c Content) bool { return c.Generation == o.Generation })
		if i >= 0 && e.Photos[o.Key][i].Kind == Good && o.Status == ledger.Failed {
			n[o.Reason]++
		}
	}
	return n
}

// reported compares what a person is told with what is so.
func reported(e *Evidence) []string {
	var all []string
	for key, contents := range e.Photos {
		if e.Absent[key] {
			continue // failed or not, by what was asked for last
		}
		want := own[contents[len(contents)-1].Kind]
		got, listed := e.Failures[key]
		if (want.status == ledger.Failed) != listed || listed && want.reason != got {
			all = append(all, fmt.Sprintf("%q is to end as %s %s; failures says %q", key, want.status, want.reason, got))
		}
	}
	slices.Sort(all)
	return all
}

func describe(o ledger.Outcome) string {
	return fmt.Sprintf("%s %q, generation %d, attempt %d: %s %s at %s %s", recorded(o), o.Key, o.Generation, o.Attempt,
		o.Status, o.Reason, o.Ended.UTC().Format("15:04:05.000"), o.Message)
}
