//go:build unix

package fleet

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"burnish/scripts/faults/cloud"
)

// Fleet is a number of slots.
type Fleet struct {
	life  time.Duration
	lease time.Duration
	kills int
	slots []*Slot

	calm  context.Context
	relax context.CancelFunc

	mu     sync.Mutex
	counts Counts
	strays []string
}

// Counts is what a fleet has suffered.
type Counts struct {
	Workers, Recorders int // killed while they worked
	Imagers            int // killed by themselves
	Frozen, Stopped    int
	NotStarted         int // gave up at the start, as the services did not answer
}

// Kills is how many processes were killed.
func (c Counts) Kills() int { return c.Workers + c.Recorders + c.Imagers }

// Options say how a fleet suffers.
type Options struct {
	Seed  uint64
	Life  time.Duration // mean time that a process works until it meets its fate
	Lease time.Duration // that a frozen process outlasts
	Kills int           // after so many, there is calm
}

// New returns a fleet that does not run yet.
func New(o Options, slots ...*Slot) *Fleet {
	f := &Fleet{life: o.Life, lease: o.Lease, kills: o.Kills, slots: slots}
	f.calm, f.relax = context.WithCancel(context.Background())
	for _, s := range slots {
		s.fleet, s.dice = f, cloud.NewDice(o.Seed, s.Name)
	}
	return f
}

// Run keeps all slots filled until ctx ends; then it stops every process and waits.
func (f *Fleet) Run(ctx context.Context) error {
	slots, ctx := errgroup.WithContext(ctx)
	for _, s := range f.slots {
		slots.Go(func() error { return s.run(ctx) })
	}
	return slots.Wait()
}

// Relax ends all suffering. Those who are frozen wake up when their time has come.
func (f *Fleet) Relax() { f.relax() }

// Calm is closed when there is calm: after Relax or the last kill.
func (f *Fleet) Calm() <-chan struct{} { return f.calm.Done() }

// Counts returns what the fleet has suffered so far.
func (f *Fleet) Counts() Counts {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts
}

// Strays describes the processes that ended as they should not, and those of the given program
// that run though nobody waits for them.
func (f *Fleet) Strays(program string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := slices.Clone(f.strays)
	for _, pid := range running(program) {
		all = append(all, fmt.Sprintf("%s runs on as pid %d", program, pid))
	}
	return all
}

// Kill implements cloud.Processes.
func (f *Fleet) Kill(through string) bool {
	s := f.slot(through)
	return s != nil && f.kill(s, s.current())
}

// Awake implements cloud.Processes.
func (f *Fleet) Awake(through string) bool {
	s := f.slot(through)
	if s == nil {
		return false
	}
	p := s.current()
	return p != nil && !p.asleep.Load()
}

// slot finds the one that has an address.
func (f *Fleet) slot(through string) *Slot {
	for _, s := range f.slots {
		if slices.Contains(s.Addresses, through) {
			return s
		}
	}
	return nil
}

// kill kills a process that works, and counts it. It reports whether it did.
func (f *Fleet) kill(s *Slot, p *process) bool {
	if p == nil || f.calm.Err() != nil || !p.end(syscall.SIGKILL) {
		return false
	}
	f.count(func(n *Counts) {
		if s.Recorder {
			n.Recorders++
		} else {
			n.Workers++
		}
	})
	return true
}

// killImager kills a child of a worker.
func (f *Fleet) killImager(p *process) {
	if f.calm.Err() != nil || !p.works() {
		return
	}
	for _, pid := range children(p.cmd.Process.Pid) {
		if syscall.Kill(pid, syscall.SIGKILL) == nil {
			f.count(func(n *Counts) { n.Imagers++ })
		}
	}
}

func (f *Fleet) count(change func(*Counts)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.counts)
	if f.counts.Kills() >= f.kills {
		f.relax()
	}
}

func (f *Fleet) stray(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.strays = append(f.strays, fmt.Sprintf(format, args...))
}
