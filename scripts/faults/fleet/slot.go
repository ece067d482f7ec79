//go:build unix

package fleet

import (
	"context"
	"fmt"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"burnish/scripts/faults/cloud"
)

// Slot is a place in the fleet that always has a process: when one ends, the next is started.
type Slot struct {
	Name      string           // of this slot, for people and for its dice
	Recorder  bool             // rather than a worker
	Ready     string           // what its processes say when they begin to work
	Command   func() *exec.Cmd // a new one for every life
	Addresses []string         // of the services' fronts, which nobody else has

	dice  *cloud.Dice
	fleet *Fleet

	mu  sync.Mutex
	now *process
}

// fate is how a life ends.
type fate int

const (
	killed fate = iota
	frozen      // for longer than a lease, then it goes on
	frozenKilled
	stopped       // by SIGTERM, and waited for
	stoppedKilled // by SIGTERM, and killed before it is through
	fates
)

// odds of the fates, in hundredths. A frozen process stands still for longer than others live.
var odds = [fates]int{killed: 84, frozen: 4, frozenKilled: 2, stopped: 5, stoppedKilled: 5}

// Patience with processes that start or end. The machine may be busy.
const (
	startTime = 2 * time.Minute
	endTime   = 2 * time.Minute
)

// run keeps the slot filled until ctx ends, and then stops its process.
func (s *Slot) run(ctx context.Context) error {
	for ctx.Err() == nil {
		p, err := start(s.Command(), s.Ready)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		s.set(p)
		s.live(ctx, p)
		s.set(nil)
		s.report(p)
	}
	return nil
}

// live returns when the process has ended.
func (s *Slot) live(ctx context.Context, p *process) {
	select {
	case <-p.ready:
	case <-p.ended:
		return
	case <-ctx.Done():
		s.stop(p)
		return
	case <-time.After(startTime):
		p.end(syscall.SIGABRT) // shows where it stands
		<-p.ended
		return
	}
	life, how := s.dice.Life(s.fleet.life), s.fate()
	imager := time.After(s.dice.UpTo(4 * s.fleet.life)) // mostly after the end
	calm := s.fleet.calm.Done()
	end := time.After(life)
	for {
		select {
		case <-p.ended:
			return
		case <-imager:
			if !s.Recorder {
				s.fleet.killImager(p)
			}
			imager = nil
		case <-end:
			if s.suffer(p, how) {
				return
			}
			end, how = time.After(s.dice.Life(s.fleet.life)), s.fate()
		case <-calm:
			calm, end, imager = nil, nil, nil
		case <-ctx.Done():
			s.stop(p)
			return
		}
	}
}

func (s *Slot) fate() fate {
	n := s.dice.N(100)
	for f, o := range odds {
		if n < o {
			return fate(f)
		}
		n -= o
	}
	return killed
}

// suffer does to a process what is its fate, and reports whether it has ended.
func (s *Slot) suffer(p *process, how fate) bool {
	switch how {
	case frozen, frozenKilled:
		s.freeze(p)
		if how == frozen {
			return false // it wakes up late and goes on
		}
	case stopped:
		s.stop(p)
		return true
	case stoppedKilled:
		if p.end(syscall.SIGTERM) {
			s.fleet.count(func(n *Counts) { n.Stopped++ })
		}
		select {
		case <-p.ended:
			return true
		case <-time.After(s.dice.UpTo(time.Second)):
		}
		p.end(syscall.SIGKILL)
		<-p.ended
		return true
	}
	s.fleet.kill(s, p)
	if p.told() == syscall.SIGKILL {
		<-p.ended
		return true
	}
	return false // the run has had its kills
}

// freeze lets a process stand still for longer than its leases last.
func (s *Slot) freeze(p *process) {
	lease := s.fleet.lease
	if p.works() {
		s.fleet.count(func(n *Counts) { n.Frozen++ })
	}
	p.asleep.Store(true)
	_ = p.cmd.Process.Signal(syscall.SIGSTOP)
	select {
	case <-time.After(lease + s.dice.UpTo(lease/2)):
	case <-p.ended: // killed by the front, for what it had sent before
	}
	_ = p.cmd.Process.Signal(syscall.SIGCONT)
	p.asleep.Store(false)
}

// stop asks a process to end, and waits.
func (s *Slot) stop(p *process) {
	if p.end(syscall.SIGTERM) {
		s.fleet.count(func(n *Counts) { n.Stopped++ })
	}
	select {
	case <-p.ended:
	case <-time.After(endTime):
		s.fleet.stray("%s (pid %d) has not ended %v after SIGTERM", s.Name, p.cmd.Process.Pid, endTime)
		p.end(syscall.SIGKILL)
		<-p.ended
	}
}

// report notes an end that nobody asked for, or that is not as it should be.
func (s *Slot) report(p *process) {
	state := p.cmd.ProcessState
	switch status := state.ExitCode(); {
	case p.told() == syscall.SIGKILL:
	case p.told() == syscall.SIGTERM && status == 0:
	case p.told() == syscall.SIGTERM && !closed(p.ready): // before it had set up how it ends
	case p.told() == 0 && status == notStarted && !closed(p.ready) && s.fleet.calm.Err() == nil:
		s.fleet.count(func(n *Counts) { n.NotStarted++ }) // the services did not answer for too long
	default:
		s.fleet.stray("%s ended by itself or wrongly: %s; it said:\n%s", s.Name, state, p.said.String())
	}
}

// notStarted is the exit status of burnish when a service does not answer at the start.
const notStarted = 3

func (s *Slot) set(p *process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = p
}

func (s *Slot) current() *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}
