package imager

import (
	"strings"
	"sync"
)

// tail keeps the end of what a child writes to its standard error: libraries may write
// there without end.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

// tailSize is how much of it is kept, in bytes. A Go program that dies of a signal prints a
// line that says so and then some kilobytes of stacks and registers.
const tailSize = 32 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - tailSize; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(p), nil
}

// reset forgets what was written so far: it belongs to an earlier photo.
func (t *tail) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = t.buf[:0]
}

func (t *tail) lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var lines []string
	for line := range strings.Lines(string(t.buf)) {
		if line = strings.TrimSpace(bounded(line)); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// verdicts begin the lines in which the Go runtime, GLib and C++ say why they end the process.
// What follows such a line is stacks and registers.
var verdicts = []string{"fatal error: ", "panic: ", "SIG", "terminate called", "memory allocation of "}

// last is the line that tells most about a death: the first verdict, else the last line.
func last(lines []string) string {
	for _, line := range lines {
		for _, v := range verdicts {
			if strings.HasPrefix(line, v) {
				return line
			}
		}
		if strings.Contains(line, "-ERROR **") { // GLib-ERROR **: …, (process:7): GLib-ERROR **: …
			return line
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1]
}

// starvation are the words with which allocators end a process that gets no more memory.
// They are the only trace of such a death: the process does not live to answer, the request
// that failed was never counted as used, and the signals are those of any other abort.
var starvation = []string{
	"fatal error: out of memory",                      // Go's heap
	"fatal error: runtime: out of memory",             // Go's heap
	"fatal error: runtime: cannot allocate memory",    // Go's own structures
	"fatal error: runtime: cannot map pages in arena", // Go's heap
	": failed to allocate ",                           // GLib
	"std::bad_alloc",                                  // C++
	"memory allocation of ",                           // Rust
}

// starved returns the line that says that a child died for want of memory, or "".
func starved(lines []string) string {
	for _, line := range lines {
		for _, words := range starvation {
			if strings.Contains(line, words) {
				return line
			}
		}
	}
	return ""
}
