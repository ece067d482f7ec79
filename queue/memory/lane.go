package memory

import (
	"container/heap"
	"time"

	"burnish/queue"
)

// message is a job in the queue.
type message struct {
	queue.Delivery
	due time.Time // not delivered before
}

// lane holds the jobs of one lane.
type lane struct {
	name    queue.Lane
	held    int // jobs not settled, those in a handler's hands included
	waiting waiting
	pushed  uint64
}

// push makes a job wait until it is due.
func (l *lane) push(m *message) {
	l.pushed++
	heap.Push(&l.waiting, entry{m, l.pushed})
}

// ready reports whether a job is due.
func (l *lane) ready(now time.Time) bool {
	return len(l.waiting) > 0 && !l.waiting[0].due.After(now)
}

// pop takes the job that has been due for longest.
func (l *lane) pop() *message { return heap.Pop(&l.waiting).(entry).message }

// next returns when the first job is due, or false if none waits.
func (l *lane) next() (due time.Time, ok bool) {
	if len(l.waiting) == 0 {
		return time.Time{}, false
	}
	return l.waiting[0].due, true
}

// waiting is a heap: what is due first, and among equals what was pushed first.
type waiting []entry

type entry struct {
	*message
	pushed uint64
}

func (w waiting) Len() int { return len(w) }

func (w waiting) Less(i, j int) bool {
	if !w[i].due.Equal(w[j].due) {
		return w[i].due.Before(w[j].due)
	}
	return w[i].pushed < w[j].pushed
}

func (w waiting) Swap(i, j int) { w[i], w[j] = w[j], w[i] }

func (w *waiting) Push(x any) { *w = append(*w, x.(entry)) }

func (w *waiting) Pop() any {
	last := len(*w) - 1
	e := (*w)[last]
	(*w)[last] = entry{}
	*w = (*w)[:last]
	return e
}
