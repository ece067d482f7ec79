//go:build linux

package imager

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"burnish/imaging"
)

func TestStartErrors(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte("no program"), 0o755); err != nil {
		t.Fatal(err)
	}
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, []byte("#!/bin/true"), 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, path string
		says       []string
	}{
		{"no path", "", []string{"path of the imager is not given"}},
		{"missing", filepath.Join(dir, "none"), []string{filepath.Join(dir, "none"), "no such file", "install imager next to burnish"}},
		{"directory", dir, []string{dir, "may execute"}},
		{"not executable", plain, []string{plain, "may execute"}},
		{"not a program", text, []string{text, "not a program for this machine"}},
		{"dies at start", fakePath(t, "dies"), []string{"exit status 127", "error while loading shared libraries: libvips"}},
		{"other protocol", fakePath(t, "stale"), []string{"protocol 999", "install both from one build"}},
		{"no protocol", fakePath(t, "chatty"), []string{"malformed frame: kind 'V'"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Start(t.Context(), Options{Path: tt.path, AddressSpace: -1})
			if err == nil {
				p.Close()
				t.Fatal("it started")
			}
			if !errors.Is(err, ErrStart) {
				t.Errorf("%v is not ErrStart", err)
			}
			for _, part := range tt.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
		})
	}
}

func TestStartCancelled(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := Start(ctx, Options{Path: fakePath(t, "silent")}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error %v", err)
	}
}

func TestBuild(t *testing.T) {
	if got := pool(t, Options{}).Build(); got.Libvips != "none" || got.Codecs["fake"] != "1" {
		t.Errorf("build %+v", got)
	}
}

// A pool that can start no child any more says so instead of waiting or spinning, and goes on
// when it can again.
func TestNoMoreChildren(t *testing.T) {
	path := fakePath(t, "child")
	p := pool(t, Options{Path: path, Slots: 2})
	eventually(t, "not all started", func() bool { return p.Stats().Starts == 2 })
	if err := p.Down(); err != nil {
		t.Errorf("with all started, the pool is down: %v", err)
	}
	self, err := os.Readlink(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := p.Process(t.Context(), photo("exit 1")); !errors.Is(err, imaging.ErrCrashed) {
			t.Fatal(err)
		}
	}
	for range 2 {
		_, err := p.Process(t.Context(), photo("echo"))
		if !errors.Is(err, ErrStart) || !strings.Contains(err.Error(), "no such file") {
			t.Fatalf("error %v, want ErrStart", err)
		}
	}
	if err := p.Down(); !errors.Is(err, ErrStart) || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("the pool is down by %v, want ErrStart", err)
	}
	if err := os.Symlink(self, path); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it does not recover", func() bool {
		_, err := p.Process(t.Context(), photo("echo"))
		return err == nil && p.Down() == nil
	})
}

// A child that says hello and then ends must not make the pool spin: a pause that is counted
// follows every start.
func TestFlappingChild(t *testing.T) {
	var log counter
	p := pool(t, Options{Path: fakePath(t, "flaps"), Slots: 1, Log: slog.New(&log)})
	eventually(t, "no trouble", func() bool { return log.failures.Load() >= givenUp })
	starts := p.Stats().Starts
	if failures := int(log.failures.Load()); starts < givenUp || starts > failures+1 {
		t.Errorf("%d starts for %d failures", starts, failures)
	}
	if _, err := p.Process(t.Context(), photo("echo")); err == nil {
		t.Error("it worked")
	}
}

// counter counts the records that tell of a failed start.
type counter struct {
	slog.Handler // none: only these are called
	failures     atomic.Int64
}

func (c *counter) Enabled(context.Context, slog.Level) bool { return true }

func (c *counter) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "imager does not start" {
		c.failures.Add(1)
	}
	return nil
}

func TestAnotherBuild(t *testing.T) {
	path := fakePath(t, "child")
	p := pool(t, Options{Path: path, Slots: 1})
	p.build.Version = "the one before"
	if _, err := p.Process(t.Context(), photo("exit 1")); !errors.Is(err, imaging.ErrCrashed) {
		t.Fatal(err)
	}
	_, err := p.Process(t.Context(), photo("echo"))
	if !errors.Is(err, ErrStart) || !strings.Contains(err.Error(), "another build") {
		t.Fatalf("error %v", err)
	}
}
