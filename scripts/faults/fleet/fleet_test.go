//go:build unix

package fleet

import (
	"context"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// shell is a slot whose processes run a script, and are ready when they say so.
func shell(name, script string) *Slot {
	return &Slot{
		Name: name, Ready: "ready", Addresses: []string{name},
		Command: func() *exec.Cmd { return exec.Command("sh", "-c", script) },
	}
}

// patient is a process that works until it is told to end, and then ends in order.
const patient = `trap 'exit 0' TERM; echo ready >&2; while :; do sleep 0.01; done`

// run runs a fleet until there is calm or do returns, and then stops it.
func run(t *testing.T, f *Fleet, do func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- f.Run(ctx) }()
	do()
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the fleet does not end")
	}
}

func (f *Fleet) awaitCalm(t *testing.T) func() {
	return func() {
		select {
		case <-f.Calm():
		case <-time.After(time.Minute):
			t.Errorf("no calm after %+v", f.Counts())
		}
	}
}

func TestKills(t *testing.T) {
	recorder := shell("recorder", patient)
	recorder.Recorder = true
	f := New(Options{Seed: 1, Life: 20 * time.Millisecond, Lease: 50 * time.Millisecond, Kills: 30}, shell("worker", patient), recorder)
	run(t, f, f.awaitCalm(t))
	n := f.Counts()
	if n.Kills() != 30 || n.Workers == 0 || n.Recorders == 0 {
		t.Errorf("of 30 kills: %+v", n)
	}
	if strays := f.Strays("/nowhere"); len(strays) > 0 {
		t.Errorf("strays %q", strays)
	}
}

// A process that is not ready has nothing to lose: its end is no kill.
func TestKillsCountWorkOnly(t *testing.T) {
	f := New(Options{Seed: 1, Life: time.Hour, Lease: time.Second, Kills: 10}, shell("late", "sleep 100"), shell("ready", patient))
	run(t, f, func() {
		for f.slots[0].current() == nil || !f.slots[1].works() {
			time.Sleep(time.Millisecond)
		}
		if f.Kill("late") || f.Kill("nobody") || !f.Kill("ready") {
			t.Error("a kill counts though nothing was at work, or does not")
		}
		if !f.Awake("ready") && f.slots[1].current() != nil || f.Awake("nobody") {
			t.Error("asleep")
		}
	})
	if n := f.Counts(); n.Kills() != 1 {
		t.Errorf("counted %+v", n)
	}
}

func (s *Slot) works() bool {
	p := s.current()
	return p != nil && p.works()
}

func TestStrays(t *testing.T) {
	for _, tt := range []struct {
		name, script string
		says         string // "" if all is well
	}{
		{"in order", patient, ""},
		{"ends by itself", "echo ready >&2; echo oh dear >&2; sleep 0.1; exit 1", "oh dear"},
		{"ends wrongly", "trap 'exit 4' TERM; echo ready >&2; while :; do sleep 0.01; done", "exit status 4"},
		{"does not start, which a service may cause", "sleep 0.1; exit 3", ""},
		{"does not start", "sleep 0.1; exit 2", "exit status 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := New(Options{Seed: 1, Life: time.Hour, Lease: time.Second, Kills: 1}, shell("s", tt.script))
			run(t, f, func() {
				for !f.slots[0].works() && len(f.Strays("/nowhere")) == 0 && f.Counts().NotStarted == 0 {
					time.Sleep(time.Millisecond)
				}
			})
			strays := strings.Join(f.Strays("/nowhere"), "\n")
			if tt.says == "" && strays != "" || !strings.Contains(strays, tt.says) {
				t.Errorf("strays %q, want %q", strays, tt.says)
			}
		})
	}
}

// A process that is killed just before it is asked to end has not ended wrongly.
func TestKilledThenStopped(t *testing.T) {
	f := New(Options{Seed: 1, Life: time.Hour, Lease: time.Second, Kills: 10}, shell("s", patient))
	run(t, f, func() {
		for !f.slots[0].works() {
			time.Sleep(time.Millisecond)
		}
		p := f.slots[0].current()
		p.end(syscall.SIGKILL)
		if p.end(syscall.SIGTERM) || p.told() != syscall.SIGKILL {
			t.Errorf("it was told %v", p.told())
		}
		<-p.ended
	})
	if strays := f.Strays("/nowhere"); len(strays) > 0 {
		t.Errorf("strays %q", strays)
	}
}

func TestFrozen(t *testing.T) {
	const lease = 200 * time.Millisecond
	f := New(Options{Seed: 1, Life: time.Hour, Lease: lease, Kills: 1}, shell("s", patient))
	run(t, f, func() {
		for !f.slots[0].works() {
			time.Sleep(time.Millisecond)
		}
		p := f.slots[0].current()
		began := time.Now()
		go f.slots[0].freeze(p)
		for f.Awake("s") {
			time.Sleep(time.Millisecond)
		}
		for !f.Awake("s") {
			time.Sleep(time.Millisecond)
		}
		if slept := time.Since(began); slept < lease {
			t.Errorf("woke up after %v, within a lease", slept)
		}
	})
	if n := f.Counts(); n.Frozen != 1 || n.Kills() != 0 {
		t.Errorf("counted %+v", n)
	}
}

func TestTail(t *testing.T) {
	seen := 0
	said := tail{want: "ready", seen: func() { seen++ }}
	for _, s := range []string{"not yet rea", "dy\n", strings.Repeat("x", 2*most), "ready, the end\n"} {
		if n, err := said.Write([]byte(s)); n != len(s) || err != nil {
			t.Errorf("wrote %d, %v", n, err)
		}
	}
	if got := said.String(); seen != 1 || len(got) > most || !strings.HasSuffix(got, "the end") {
		t.Errorf("seen %d times, kept %d bytes", seen, len(got))
	}
}
