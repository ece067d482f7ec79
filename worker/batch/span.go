package batch

import "sync"

// span is a range of keys that one goroutine walks, and whose end others may take off. The
// zero value is all keys.
type span struct {
	mu     sync.Mutex
	at     string // no key before it is still to be passed
	to     string // the first key beyond; empty for none
	walked int    // keys passed since it began or was last looked at for a split
	looks  int    // for a place to split it
	ripe   func() // if set, is called when walked reaches worth
}

// ripens is how many keys a span must have passed to be split: what lasted so long may last as
// long again, and looking for the place costs about ten listing requests.
const ripens = 10_000

// worth is how many keys a span must have passed by now: twice as many each time, so that all
// looking together is little against the walk, even where every place turns out a bad one.
// The caller holds the lock.
func (s *span) worth() int { return ripens << min(s.looks, 16) }

func (s *span) bounds() (at, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at, s.to
}

// pass moves on to a key, and reports false if it is beyond the end.
func (s *span) pass(key string) bool {
	s.mu.Lock()
	if s.to != "" && key >= s.to {
		s.mu.Unlock()
		return false
	}
	s.at = key
	s.walked++
	ripe := s.walked == s.worth() && s.ripe != nil
	s.mu.Unlock()
	if ripe {
		s.ripe()
	}
	return true
}

// isRipe reports whether a split is worth looking for.
func (s *span) isRipe() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.walked >= s.worth()
}

// cut takes the keys from mid on off the span and returns them as one of their own, unless it
// has come that far by now. Either way the span has to ripen again.
func (s *span) cut(mid string) (*span, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.walked = 0
	s.looks++
	if mid <= s.at || s.to != "" && mid >= s.to {
		return nil, false
	}
	rest := &span{at: mid, to: s.to, looks: s.looks, ripe: s.ripe}
	s.to = mid
	return rest, true
}
