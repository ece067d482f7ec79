//go:build linux

package imager

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"burnish/imaging"
)

func TestDeadline(t *testing.T) {
	for _, source := range []string{"hang", "halfhang"} {
		t.Run(source, func(t *testing.T) {
			p := pool(t, Options{Slots: 1, Deadline: 50 * time.Millisecond})
			_, err := p.Process(t.Context(), photo(source))
			if !errors.Is(err, imaging.ErrTimeout) || errors.Is(err, imaging.ErrCrashed) {
				t.Fatalf("error %v, want a timeout", err)
			}
			if want := "imager timed out after 50ms"; err.Error() != want {
				t.Errorf("message %q, want %q", err, want)
			}
			eventually(t, "no restart", func() bool { return p.Stats().Restarts[Deadline] == 1 })
		})
	}
}

func TestMemory(t *testing.T) {
	p := pool(t, Options{Path: frugalPath(t), Slots: 1, Deadline: time.Hour, AddressSpace: 256 << 20})
	for range 2 {
		_, err := p.Process(t.Context(), photo("eat"))
		if !errors.Is(err, imaging.ErrTooLarge) || errors.Is(err, imaging.ErrCrashed) {
			t.Fatalf("error %v, want too large", err)
		}
		if !strings.Contains(err.Error(), "ran out of memory") {
			t.Errorf("message %q", err)
		}
		if _, err := p.Process(t.Context(), photo("echo")); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.Stats().Restarts[Memory]; got != 2 {
		t.Errorf("%d restarts, want 2", got)
	}
}

func TestStarved(t *testing.T) {
	tests := []struct {
		name, stderr string
		want         string
	}{
		{"Go", "runtime: out of memory: cannot allocate 4194304-byte block\nfatal error: out of memory\n\ngoroutine 1:\n", "fatal error: out of memory"},
		{"GLib", "\n(process:7): GLib-ERROR **: 20:50:56.294: ../glib/gmem.c:106: failed to allocate 1048576 bytes\nSIGABRT: abort\n", "(process:7): GLib-ERROR **: 20:50:56.294: ../glib/gmem.c:106: failed to allocate 1048576 bytes"},
		{"C++", "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc\n", "terminate called after throwing an instance of 'std::bad_alloc'"},
		{"segfault", "SIGSEGV: segmentation violation\nPC=0x48c040 m=0 sigcode=1 addr=0x8\n", ""},
		{"silence", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var end tail
			fmt.Fprint(&end, strings.Repeat("VIPS-WARNING: noise\n", 10000), tt.stderr)
			if got := starved(end.lines()); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestCancel(t *testing.T) {
	t.Run("while it works", func(t *testing.T) {
		p := pool(t, Options{Slots: 1})
		ctx, cancel := context.WithCancel(t.Context())
		done := process(ctx, p, "hang")
		eventually(t, "never busy", func() bool { return p.Stats().Busy == 1 })
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
		if _, err := p.Process(t.Context(), photo("echo")); err != nil {
			t.Fatal(err)
		}
		if got := p.Stats().Restarts[Cancel]; got != 1 {
			t.Errorf("%d restarts", got)
		}
	})
	t.Run("while it waits", func(t *testing.T) {
		p := pool(t, Options{Slots: 1})
		ctx, cancel := context.WithCancel(t.Context())
		first := process(ctx, p, "hang")
		eventually(t, "never busy", func() bool { return p.Stats().Busy == 1 })
		waiting, leave := context.WithTimeout(t.Context(), time.Millisecond)
		defer leave()
		if err := <-process(waiting, p, "echo"); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, imaging.ErrTimeout) {
			t.Errorf("error %v", err)
		}
		if busy := p.Stats().Busy; busy != 1 {
			t.Errorf("the photo that was worked on has gone with the one that waited")
		}
		cancel()
		<-first
	})
	t.Run("before", func(t *testing.T) {
		p := pool(t, Options{Slots: 1})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := <-process(ctx, p, "echo"); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("by closing the pool", func(t *testing.T) {
		p := pool(t, Options{Slots: 1})
		working, waiting := process(t.Context(), p, "hang"), process(t.Context(), p, "hang")
		eventually(t, "never busy", func() bool { return p.Stats().Busy == 1 })
		p.Close()
		for _, done := range []<-chan error{working, waiting, process(t.Context(), p, "echo")} {
			if err := <-done; !errors.Is(err, ErrClosed) {
				t.Errorf("error %v", err)
			}
		}
	})
}

// process calls p.Process in the background.
func process(ctx context.Context, p *Pool, source string) <-chan error {
	done := make(chan error, 1)
	go func() {
		_, err := p.Process(ctx, photo(source))
		done <- err
	}()
	return done
}

func TestCloseLeavesNoChild(t *testing.T) {
	p := pool(t, Options{Slots: 3})
	eventually(t, "not all started", func() bool { return p.Stats().Starts == 3 })
	pids := make(map[string]bool)
	for len(pids) < 3 {
		res, err := p.Process(t.Context(), photo("echo"))
		if err != nil {
			t.Fatal(err)
		}
		pids[res.Source.Profile] = true
	}
	done := process(t.Context(), p, "hang")
	eventually(t, "never busy", func() bool { return p.Stats().Busy == 1 })
	if err := errors.Join(p.Close(), p.Close()); err != nil {
		t.Error(err)
	}
	<-done
	for pid := range pids {
		if alive(pid) {
			t.Errorf("child %s still runs", pid)
		}
	}
}

func TestKilledParentLeavesNoChild(t *testing.T) {
	child := fakePath(t, "child")
	self, err := filepath.EvalSymlinks(child)
	if err != nil {
		t.Fatal(err)
	}
	parent := exec.Command(self)
	parent.Args = []string{filepath.Join(filepath.Dir(child), "fake-parent")}
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	pids := strings.Fields(line)
	if err != nil || len(pids) != 2 {
		t.Fatalf("parent says %q: %v", line, err)
	}
	for _, pid := range pids {
		if !alive(pid) {
			t.Fatalf("child %s has ended too early", pid)
		}
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // killed
	for _, pid := range pids {
		eventually(t, "child "+pid+" outlives its parent", func() bool { return !alive(pid) })
	}
}

// A child must not end when the thread that happened to run Start does.
func TestChildOutlivesStartingThread(t *testing.T) {
	var p *Pool
	done := make(chan struct{})
	go func() { // ends its thread with itself
		defer close(done)
		runtime.LockOSThread()
		p = pool(t, Options{Slots: 1})
	}()
	<-done
	for range 3 {
		if _, err := p.Process(t.Context(), photo("slow 20")); err != nil {
			t.Fatal(err)
		}
	}
	if n := p.Stats().Starts; n != 1 {
		t.Errorf("%d starts, want 1", n)
	}
}
