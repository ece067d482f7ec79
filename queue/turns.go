package queue

// patience is how often in a row a lane with something to do is passed over.
const patience = 8

// turns decides which lane is served next: the most urgent, except that a lane which has been
// passed over 8 times in a row has its turn. So urgent jobs get at least 7 turns of 9, and no
// lane starves. The zero value is ready to use; it is not safe for
// use by several goroutines at once.
type turns struct {
	passed map[Lane]int
}

// next returns the lane to serve of those that are ready, or "" if none is.
func (t *turns) next(ready func(Lane) bool) Lane {
	if t.passed == nil {
		t.passed = make(map[Lane]int)
	}
	var chosen Lane
	for _, l := range Lanes {
		if !ready(l) {
			continue
		}
		if chosen == "" || t.passed[l] >= patience && t.passed[l] > t.passed[chosen] {
			chosen = l
		}
		t.passed[l]++
	}
	t.passed[chosen] = 0
	return chosen
}
