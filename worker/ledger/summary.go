package ledger

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"burnish/imaging"
	"burnish/queue"
)

// Bounds of what a summary quotes.
const (
	maxSavings  = 5 // in all
	maxExamples = 5 // per reason
)

// Summary counts outcomes. Its zero value counts none. A job that was delivered twice may
// have left two outcomes and is then counted twice; function Outcomes tells them apart.
// Copies share their maps: to take a copy, Add to a zero Summary.
type Summary struct {
	Done    int64
	Skipped map[imaging.Reason]int64
	Failed  map[imaging.Reason]int64
	Again   int64 // of all these, those of a second or later delivery

	SourceBytes int64 // of the photos that are done
	Written     map[imaging.Format]Written
	CPU         time.Duration // of the imager, for all outcomes
	First, Last time.Time     // when the earliest and the latest outcome ended

	// Savings are the largest, the largest first; Examples are a few keys per reason. Both
	// are quotations: segments leave out keys that are too long for an object's metadata.
	Savings  []Saving
	Examples map[imaging.Reason][]queue.Key
}

// Saving says how much less a visitor loads of one photo.
type Saving struct {
	Key         queue.Key
	SourceBytes int64
	Format      imaging.Format // the one that takes the fewest bytes
	Bytes       int64          // of all its variants together
}

// Saved is the bytes that even a visitor who loads every variant of the format does not
// load. It understates: a page shows one variant.
func (s Saving) Saved() int64 { return s.SourceBytes - s.Bytes }

// Outcomes is how many were counted.
func (s Summary) Outcomes() int64 { return s.Done + sum(s.Skipped) + sum(s.Failed) }

// Count adds one outcome.
func (s *Summary) Count(o Outcome) {
	one := Summary{
		Written: o.Written,
		CPU:     o.CPU,
		First:   o.Ended,
		Last:    o.Ended,
	}
	if o.Attempt > 1 {
		one.Again = 1
	}
	switch o.Status {
	case Done:
		one.Done, one.SourceBytes = 1, o.SourceBytes
		if saving, ok := savingOf(o); ok {
			one.Savings = []Saving{saving}
		}
	case Skipped:
		one.Skipped = map[imaging.Reason]int64{o.Reason: 1}
	case Failed:
		one.Failed = map[imaging.Reason]int64{o.Reason: 1}
	}
	if o.Status != Done {
		one.Examples = map[imaging.Reason][]queue.Key{o.Reason: {o.Key}}
	}
	s.Add(one)
}

// Add adds what another summary counted. The other is left as it is.
func (s *Summary) Add(t Summary) {
	s.Done += t.Done
	s.Again += t.Again
	s.SourceBytes += t.SourceBytes
	s.CPU += t.CPU
	addCounts(&s.Skipped, t.Skipped)
	addCounts(&s.Failed, t.Failed)
	for format, w := range t.Written {
		if s.Written == nil {
			s.Written = make(map[imaging.Format]Written)
		}
		have := s.Written[format]
		s.Written[format] = Written{Variants: have.Variants + w.Variants, Bytes: have.Bytes + w.Bytes}
	}
	if s.First.IsZero() || !t.First.IsZero() && t.First.Before(s.First) {
		s.First = t.First
	}
	if t.Last.After(s.Last) {
		s.Last = t.Last
	}
	s.addSavings(t.Savings)
	s.addExamples(t.Examples)
}

func (s *Summary) addSavings(more []Saving) {
	for _, m := range more {
		same := slices.IndexFunc(s.Savings, func(have Saving) bool { return have.Key == m.Key })
		if same >= 0 && s.Savings[same].Saved() >= m.Saved() {
			continue // the same photo, done twice
		}
		all := slices.Clone(s.Savings)
		if same >= 0 {
			all = slices.Delete(all, same, same+1)
		}
		all = append(all, m)
		slices.SortFunc(all, func(a, b Saving) int {
			return cmp.Or(cmp.Compare(b.Saved(), a.Saved()), cmp.Compare(a.Key, b.Key))
		})
		s.Savings = all[:min(len(all), maxSavings)]
	}
}

func (s *Summary) addExamples(more map[imaging.Reason][]queue.Key) {
	for reason, keys := range more {
		for _, k := range keys {
			have := s.Examples[reason]
			if len(have) == maxExamples || slices.Contains(have, k) {
				continue
			}
			if s.Examples == nil {
				s.Examples = make(map[imaging.Reason][]queue.Key)
			}
			s.Examples[reason] = append(slices.Clip(have), k)
		}
	}
}

// savingOf reports the saving of a photo that got smaller.
func savingOf(o Outcome) (Saving, bool) {
	best := Saving{Key: o.Key, SourceBytes: o.SourceBytes, Bytes: o.SourceBytes}
	for _, format := range imaging.Written {
		if w := o.Written[format]; w.Variants > 0 && w.Bytes < best.Bytes {
			best.Format, best.Bytes = format, w.Bytes
		}
	}
	return best, best.Format != ""
}

func addCounts(to *map[imaging.Reason]int64, more map[imaging.Reason]int64) {
	if *to == nil && len(more) > 0 {
		*to = make(map[imaging.Reason]int64)
	}
	for reason, n := range more {
		(*to)[reason] += n
	}
}

func sum(counts map[imaging.Reason]int64) (n int64) {
	for c := range maps.Values(counts) {
		n += c
	}
	return n
}
