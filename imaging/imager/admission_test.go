//go:build linux

package imager

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"burnish/imaging"
)

// tight is a pool in which one photo of 600 MiB may be worked on, and besides it small ones.
func tight(t *testing.T, o Options) *Pool {
	t.Helper()
	o.Slots, o.Memory = 3, 3*Share+400<<20 // 656 MiB for one
	return pool(t, o)
}

// waiting starts a photo that works for ever and one that waits for its memory.
func waiting(t *testing.T, ctx context.Context, p *Pool) (works, waits <-chan error) {
	t.Helper()
	works = process(ctx, p, "need 600 hang")
	eventually(t, "never admitted", func() bool { return p.Stats().Admitted == 600<<20 })
	waits = process(t.Context(), p, "need 600 echo")
	eventually(t, "never waits", func() bool { return p.Stats().Waiting == 1 })
	return works, waits
}

func TestWaitForMemory(t *testing.T) {
	p := tight(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	works, waits := waiting(t, ctx, p)
	for _, small := range []string{"echo", "need 1 echo", "need 256 echo", "need 300 echo"} {
		if _, err := p.Process(t.Context(), photo(small)); err != nil { // it passes
			t.Errorf("%s: %v", small, err)
		}
	}
	if s := p.Stats(); s.Admitted != 600<<20 || s.Waiting != 1 {
		t.Errorf("%+v", s)
	}
	cancel()
	if err := <-works; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := <-waits; err != nil {
		t.Error(err)
	}
	if s := p.Stats(); s.Admitted != 0 || s.Waiting != 0 || s.Busy != 0 {
		t.Errorf("afterwards: %+v", s)
	}
}

// What ends a photo that waits is told as it is, and nobody waits for it afterwards.
func TestEndOfWait(t *testing.T) {
	t.Run("cancelled", func(t *testing.T) {
		p := tight(t, Options{})
		_, waits := waiting(t, t.Context(), p)
		ctx, cancel := context.WithCancel(t.Context())
		third := process(ctx, p, "need 600 echo")
		eventually(t, "never waits", func() bool { return p.Stats().Waiting == 2 })
		cancel()
		if err := <-third; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		eventually(t, "still waits", func() bool { return p.Stats().Waiting == 1 })
		p.Close()
		if err := <-waits; !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
	})
	t.Run("child killed", func(t *testing.T) {
		p := tight(t, Options{})
		waiting(t, t.Context(), p)
		c, err := p.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		q := request{Request: photo("need 600 echo"), Size: int64(len("need 600 echo"))}
		head, err := header(q)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() {
			_, cause, err := p.work(t.Context(), c, head, q)
			c.back <- cause
			done <- err
		}()
		eventually(t, "never waits", func() bool { return p.Stats().Waiting == 2 })
		if err := syscall.Kill(c.pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if err := <-done; !errors.Is(err, imaging.ErrCrashed) || !strings.Contains(err.Error(), "killed by the system") {
			t.Error(err)
		}
		eventually(t, "not replaced", func() bool { return p.Stats().Restarts[Crash] == 1 })
		if got := p.Stats().Waiting; got != 1 {
			t.Errorf("%d wait", got)
		}
	})
}

// The time for which a photo waits for memory is not the photo's.
func TestWaitIsNoWork(t *testing.T) {
	p := tight(t, Options{Deadline: 500 * time.Millisecond})
	works, waits := waiting(t, t.Context(), p)
	if err := <-works; !errors.Is(err, imaging.ErrTimeout) {
		t.Error(err)
	}
	if err := <-waits; err != nil {
		t.Error(err)
	}
}

func TestTooMuchMemory(t *testing.T) {
	p := tight(t, Options{})
	_, err := p.Process(t.Context(), photo("need 657 echo"))
	const want = "fake: too large: it takes about 657 MiB of memory, and one photo may have 656 MiB here; raise --memory by 1 MiB, or lower --jobs"
	if !errors.Is(err, imaging.ErrTooLarge) || err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	if _, err := p.Process(t.Context(), photo("need 656 echo")); err != nil {
		t.Error(err)
	}
	if got := p.Stats().Restarts; len(got) != 0 {
		t.Errorf("restarts %v", got)
	}
}

// A photo that asks again lets go of what it had: two that did otherwise would wait for each
// other for ever.
func TestNeedMore(t *testing.T) {
	p := tight(t, Options{})
	one, two := process(t.Context(), p, "need 500 need 656 echo"), process(t.Context(), p, "need 500 need 656 echo")
	for _, done := range []<-chan error{one, two} {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if s := p.Stats(); s.Admitted != 0 || s.Waiting != 0 {
		t.Errorf("afterwards: %+v", s)
	}
}

func TestNoMemoryToStart(t *testing.T) {
	_, err := Start(t.Context(), Options{Path: fakePath(t, "child"), Slots: 4, Memory: 4*Share - 1})
	if !errors.Is(err, ErrStart) || !strings.Contains(err.Error(), "1023 MiB of memory for 4 photos at once, which take 1024 MiB at least") {
		t.Errorf("error %v", err)
	}
}

// Without a limit nobody waits.
func TestAnyMemory(t *testing.T) {
	p := pool(t, Options{Slots: 2})
	process(t.Context(), p, "need 100000 hang")
	if _, err := p.Process(t.Context(), photo("need 100000 echo")); err != nil {
		t.Error(err)
	}
	eventually(t, "not counted", func() bool { return p.Stats().Admitted == 100000<<20 })
}
