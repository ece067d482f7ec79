package cloud

import (
	"maps"
	"sync"
)

// faultLog counts faults by name.
type faultLog struct {
	mu sync.Mutex
	n  map[string]int
}

func newFaultLog() *faultLog { return &faultLog{n: make(map[string]int)} }

func (l *faultLog) count(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n[name]++
}

func (l *faultLog) counts() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.n)
}
