//go:build linux

package imager

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"burnish/imaging"
)

func TestProcess(t *testing.T) {
	tests := []struct {
		name, source string
		is           error  // nil: the photo succeeds
		says         string // part of the message
		cause        Cause  // of the child's replacement
	}{
		{name: "echo", source: "echo"},
		{name: "empty", source: ""},
		{name: "larger than a pipe", source: "echo " + strings.Repeat("x", 5<<20)},
		{name: "flood of stderr", source: "flood"},
		{name: "refusal", source: "corrupt", is: imaging.ErrCorrupt, says: "jpeg: corrupt: two starts"},
		{name: "unknown trouble", source: "broken", says: "no idea"},
		{name: "reply too large", source: "big 300000000", is: imaging.ErrTooLarge, says: "300000000"},
		{name: "segfault", source: "segv", is: imaging.ErrCrashed, says: "exit status 2: fatal error: fault", cause: Crash},
		{name: "segfault after a flood", source: "floodsegv", is: imaging.ErrCrashed, says: "fatal error: fault", cause: Crash},
		{name: "killed by hand", source: "kill", is: imaging.ErrCrashed, says: "signal: killed by the system", cause: Crash},
		{name: "panic", source: "panic", is: imaging.ErrCrashed, says: "panic: engine is beside itself", cause: Crash},
		{name: "exit", source: "exit 7", is: imaging.ErrCrashed, says: "exit status 7", cause: Crash},
		{name: "exit 0", source: "exit 0", is: imaging.ErrCrashed, says: "exit status 0", cause: Crash},
		{name: "garbage", source: "garbage", is: imaging.ErrCrashed, says: "malformed frame: kind '('", cause: Crash},
		{name: "oversized length", source: "oversized", is: imaging.ErrCrashed, says: "4294967295", cause: Crash},
		{name: "half a frame, then exit", source: "halfexit", is: imaging.ErrCrashed, says: "exit status 3", cause: Crash},
		{name: "closed output", source: "close", is: imaging.ErrCrashed, says: "closed its pipes", cause: Crash},
	}
	p := pool(t, Options{Slots: 1, Deadline: time.Hour})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := p.Stats()
			req := photo(tt.source)
			res, err := p.Process(t.Context(), req)
			switch {
			case tt.says == "" && err != nil:
				t.Fatal(err)
			case tt.says == "" && string(res.Variants[0].Data) != tt.source:
				t.Fatalf("%d bytes came back, sent %d", len(res.Variants[0].Data), len(tt.source))
			case tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)):
				t.Fatalf("error %v, want one that says %q", err, tt.says)
			case tt.is != nil && !errors.Is(err, tt.is):
				t.Fatalf("error %v is not %v", err, tt.is)
			}
			if _, err := p.Process(t.Context(), photo("echo")); err != nil {
				t.Fatalf("next photo: %v", err)
			}
			want := before.Restarts
			if tt.cause != none {
				want[tt.cause]++
			}
			if got := p.Stats().Restarts; !maps.Equal(got, want) {
				t.Errorf("restarts %v, want %v", got, want)
			}
		})
	}
}
