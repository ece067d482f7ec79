//go:build unix

// Package fleet keeps the processes of a fleet running while it kills, freezes and stops them.
package fleet

import (
	"bytes"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// process is one life of a slot.
type process struct {
	cmd   *exec.Cmd
	said  tail
	ready chan struct{} // closed when it works
	ended chan struct{} // closed when it is gone

	asleep atomic.Bool // frozen

	mu       sync.Mutex
	signaled syscall.Signal // what was meant to end it; 0 for nothing
}

// start starts a process, which is ready when its standard error has the given text.
func start(cmd *exec.Cmd, readyText string) (*process, error) {
	p := &process{cmd: cmd, ready: make(chan struct{}), ended: make(chan struct{})}
	p.said = tail{want: readyText, seen: func() { close(p.ready) }}
	cmd.Stderr = &p.said
	cmd.WaitDelay = time.Second // for what holds its standard error and outlives it
	cmd.SysProcAttr = attributes()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = cmd.Wait() // the state says all
		close(p.ended)
	}()
	return p, nil
}

// works reports whether the process is ready and has not been told to end.
func (p *process) works() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.signaled == 0 && closed(p.ready) && !closed(p.ended)
}

// end sends a signal that is meant to end the process, and reports whether it was at work and
// had not been told before.
func (p *process) end(s syscall.Signal) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if closed(p.ended) {
		return false
	}
	working := p.signaled == 0 && closed(p.ready)
	if p.signaled != syscall.SIGKILL { // after which no other arrives
		p.signaled = s
	}
	_ = p.cmd.Process.Signal(s)
	return working
}

// told returns the signal that was meant to end the process.
func (p *process) told() syscall.Signal {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.signaled
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// most is how much of what a process says is kept, in bytes.
const most = 8 << 10

// tail keeps the end of what is written, and tells when a text has been seen.
type tail struct {
	mu   sync.Mutex
	b    []byte
	want string
	seen func()
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	if t.seen != nil && bytes.Contains(t.b, []byte(t.want)) {
		t.seen()
		t.seen = nil
	}
	if len(t.b) > most {
		t.b = append(t.b[:0], t.b[len(t.b)-most:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.b))
}
