package batch

import (
	"cmp"
	"container/heap"
	"crypto/sha256"
	"slices"
)

// Found counts what a walk has found, before anything is done.
type Found struct {
	Missing int64         `json:"missing"`
	Stale   int64         `json:"stale"`
	Why     map[Why]int64 `json:"staleWhy,omitempty"` // what makes photos stale
	Fresh   int64         `json:"fresh"`
	Absent  int64         `json:"absent,omitempty"` // keys of a list that have no photo

	Photos int64 `json:"photos"` // of all these, those that are to be done
	Bytes  int64 `json:"bytes"`  // of them
	Listed int64 `json:"listed"` // objects that the listings showed; 0 where keys were listed in files
}

// Survey takes the decisions of a walk, counts them and draws a sample of the photos that are to
// be done. The sample is uniform, and the same every time for the same photos: those whose keys
// have the least hashes. It holds no more than the sample in memory.
type Survey struct {
	Found

	size  int // of the sample
	force bool
	drawn lots
}

// NewSurvey returns a survey that draws so many photos. With force, fresh photos are done too.
func NewSurvey(sample int, force bool) *Survey {
	return &Survey{Found: Found{Why: make(map[Why]int64)}, size: sample, force: force}
}

// Add takes a decision and reports whether its photo is to be done.
func (s *Survey) Add(d Decision) bool {
	if d.State == Absent {
		s.Absent++
		return false
	}
	s.Listed++
	if d.Manifest != 0 && d.State != Orphan {
		s.Listed++ // the photo and its manifest
	}
	switch d.State {
	case Missing:
		s.Missing++
	case Stale:
		s.Stale++
		s.Why[d.Why]++
	case Fresh:
		s.Fresh++
		if !s.force {
			return false
		}
	default:
		return false
	}
	s.Photos++
	s.Bytes += d.Bytes
	s.draw(d)
	return true
}

// draw keeps the decision if its key is among those with the least hashes.
func (s *Survey) draw(d Decision) {
	l := lot{sha256.Sum256([]byte(d.Key)), d}
	switch {
	case len(s.drawn) < s.size:
		heap.Push(&s.drawn, l)
	case s.size > 0 && l.less(s.drawn[0]):
		s.drawn[0] = l
		heap.Fix(&s.drawn, 0)
	}
}

// Sample returns the photos that were drawn, in the order of their keys.
func (s *Survey) Sample() []Decision {
	sample := make([]Decision, len(s.drawn))
	for i, l := range s.drawn {
		sample[i] = l.Decision
	}
	slices.SortFunc(sample, func(a, b Decision) int { return cmp.Compare(a.Key, b.Key) })
	return sample
}

// lot is a photo and the hash that decides whether it is drawn.
type lot struct {
	hash [sha256.Size]byte
	Decision
}

func (l lot) less(other lot) bool { return slices.Compare(l.hash[:], other.hash[:]) < 0 }

// lots is a heap with the greatest hash on top.
type lots []lot

func (l lots) Len() int           { return len(l) }
func (l lots) Less(i, j int) bool { return l[j].less(l[i]) }
func (l lots) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }
func (l *lots) Push(x any)        { *l = append(*l, x.(lot)) }
func (l *lots) Pop() any {
	last := (*l)[len(*l)-1]
	*l = (*l)[:len(*l)-1]
	return last
}
