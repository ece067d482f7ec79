//go:build linux

package imager

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"burnish/imaging"
)

// Each of many photos gets its own end, whatever happens to its neighbours.
func TestNeighbours(t *testing.T) {
	bad := []struct {
		source string
		is     error
	}{
		{"segv", imaging.ErrCrashed},
		{"exit 0", imaging.ErrCrashed},
		{"garbage", imaging.ErrCrashed},
		{"hang", imaging.ErrTimeout},
		{"corrupt", imaging.ErrCorrupt},
	}
	p := pool(t, Options{Slots: 4, Deadline: 3 * time.Second, MaxPhotos: 20})
	var wg sync.WaitGroup
	limit := make(chan struct{}, 16)
	for i := range 200 {
		limit <- struct{}{}
		wg.Go(func() {
			defer func() { <-limit }()
			source, want := fmt.Sprint("echo ", i), error(nil)
			if i%10 == 7 {
				b := bad[i/10%len(bad)]
				source, want = b.source, b.is
			}
			res, err := p.Process(t.Context(), photo(source))
			if !errors.Is(err, want) {
				t.Errorf("photo %d, %s: error %v, want %v", i, source, err, want)
			}
			if want == nil && err == nil && string(res.Variants[0].Data) != source {
				t.Errorf("photo %d got the result %q", i, res.Variants[0].Data)
			}
		})
	}
	wg.Wait()
	if busy := p.Stats().Busy; busy != 0 {
		t.Errorf("%d slots are busy with nothing", busy)
	}
	eventually(t, "12 crashes and 4 deadlines are not what was counted", func() bool {
		restarts := p.Stats().Restarts
		return restarts[Crash] == 12 && restarts[Deadline] == 4
	})
}

func TestChildIsBare(t *testing.T) {
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", "/secret")
	p := pool(t, Options{Slots: 3})
	eventually(t, "not all started", func() bool { return p.Stats().Starts == 3 })
	for source, want := range map[string]string{
		"environ": "[] / [0 pipe 1 pipe 2 pipe]",
		"group":   "true",
	} {
		for range 3 { // children of different age
			res, err := p.Process(t.Context(), photo(source))
			if err != nil {
				t.Fatal(err)
			}
			if got := string(res.Variants[0].Data); got != want {
				t.Errorf("%s: %s, want %s", source, got, want)
			}
		}
	}
}

func TestRecycle(t *testing.T) {
	tests := []struct {
		name     string
		options  Options
		source   string
		cause    Cause
		children int // for 6 photos
	}{
		{"photos", Options{MaxPhotos: 3}, "echo", Age, 2},
		{"any number", Options{MaxPhotos: -1}, "echo", none, 1},
		{"real memory", Options{MaxRSS: 40 << 20}, "keep 40000000", Size, 6},
		{"little real memory", Options{MaxRSS: 40 << 20}, "echo", none, 1},
		{"any real memory", Options{MaxRSS: -1}, "keep 40000000", none, 1},
		{"address space", Options{AddressSpace: 1 << 30}, "reserve 600000000", Size, 6},
		{"little address space", Options{AddressSpace: 1 << 30}, "reserve 60000000", none, 1},
	}
	path := frugalPath(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.options.Path, tt.options.Slots = path, 1
			p := pool(t, tt.options)
			pids := make(map[string]bool)
			for range 6 {
				res, err := p.Process(t.Context(), photo(tt.source))
				if err != nil {
					t.Fatal(err)
				}
				pids[res.Source.Profile] = true
			}
			if n := len(pids); n != tt.children {
				t.Errorf("%d children, want %d", n, tt.children)
			}
			for cause := range p.Stats().Restarts {
				if cause != tt.cause {
					t.Errorf("restart by %q", cause)
				}
			}
		})
	}
}

// What a child says or does after its answer is not held against the next photo.
func TestBetweenPhotos(t *testing.T) {
	for _, source := range []string{"after", "answerexit"} {
		t.Run(source, func(t *testing.T) {
			p := pool(t, Options{Slots: 1})
			c, err := p.take(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			c.back <- none
			if _, err := p.Process(t.Context(), photo(source)); err != nil {
				t.Fatal(err)
			}
			eventually(t, "nothing came after the answer", func() bool { return !c.ready() })
			if _, err := p.Process(t.Context(), photo("echo")); err != nil {
				t.Error(err)
			}
			if got := p.Stats().Restarts; got[Idle] != 1 {
				t.Errorf("restarts %v", got)
			}
		})
	}
}

// With its standard output put away for frames, a library that prints does no harm.
func TestStdout(t *testing.T) {
	p := pool(t, Options{Path: fakePath(t, "mute"), Slots: 1})
	if _, err := p.Process(t.Context(), photo("garbage")); err != nil {
		t.Error(err)
	}
}

func TestLimitsBeforeSending(t *testing.T) {
	p := pool(t, Options{Slots: 1})
	req := photo("echo 12345")
	req.Limits.Bytes = 9
	_, err := p.Process(t.Context(), req)
	if !errors.Is(err, imaging.ErrTooLarge) || !strings.Contains(err.Error(), "10 bytes, at most 9") {
		t.Errorf("error %v", err)
	}
	req = photo("echo")
	req.Variants.Widths = make([]int, maxHeader)
	if _, err := p.Process(t.Context(), req); err == nil || !strings.Contains(err.Error(), "header of") {
		t.Errorf("error %v", err)
	}
	if n := p.Stats().Restarts; len(n) != 0 {
		t.Errorf("restarts %v", n)
	}
}
