//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"burnish/imaging"
	"burnish/imaging/imager"
	"burnish/imaging/vips"
)

var (
	megapixels = flag.Float64("megapixels", 6, "size of the photos whose memory is measured")
	files      = flag.String("files", "", "measure the photos of this pattern as well")
)

// TestMain is also the imager: this test binary, started by what start writes.
func TestMain(m *testing.M) {
	if len(os.Args) != 2 || os.Args[1] != "imager" {
		os.Exit(m.Run())
	}
	frames, err := imager.Stdout()
	if err == nil {
		err = imager.Serve(os.Stdin, frames, telling{vips.New("test")})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// telling is an engine that says in its results, in place of the photo's profile, which process
// it is and what it took the photo to need.
type telling struct{ *vips.Engine }

func (e telling) Process(req imaging.Request, admit func(int64) error) (imaging.Result, error) {
	var need int64
	res, err := e.Engine.Process(req, func(n int64) error { need = n; return admit(n) })
	res.Source.Profile = fmt.Sprint(os.Getpid(), " ", need)
	return res, err
}

// start starts a pool of imagers that ends with the test.
func start(t *testing.T, o imager.Options) *imager.Pool {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// A child starts with an empty environment, but this binary finds libvips by a variable.
	script := fmt.Sprintf("#!/bin/sh\nLD_LIBRARY_PATH='%s' exec '%s' imager\n", os.Getenv("LD_LIBRARY_PATH"), self)
	o.Path = filepath.Join(t.TempDir(), "imager")
	if err := os.WriteFile(o.Path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	p, err := imager.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// catalogue asks for what the built-in recipe does.
func catalogue(t *testing.T, source []byte) imaging.Request {
	t.Helper()
	r, ok := imaging.Builtin("catalogue")
	if !ok {
		t.Fatal("no recipe")
	}
	return imaging.Request{Variants: r.Variants, Enhance: r.Enhance, Source: source, Limits: imaging.Limits{Bytes: 1 << 30}}
}

// peak is the most real memory that a process has held, in bytes.
func peak(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	var kib int64
	if _, err := fmt.Sscan(string(rest), &kib); err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// forget sets the peak of a process back to what it holds now; 0 is no process.
func forget(t *testing.T, pid int) {
	t.Helper()
	if pid == 0 {
		return
	}
	err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ESRCH) { // it may have been replaced
		t.Fatal(err)
	}
}

// A child never holds more than was estimated from the photo's header, whatever it has done
// before, and the estimate is not so high that memory lies idle. With -v it prints the table of
// docs/performance.md.
func TestNeed(t *testing.T) {
	width := int(1200 * math.Sqrt(*megapixels))
	p := photos{t, vips.New("test"), width, int(*megapixels*1e6) / width}
	samples := p.all()
	found, err := filepath.Glob(*files)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range found {
		samples = append(samples, sample{filepath.Base(file), func() []byte {
			data, err := os.ReadFile(file)
			p.check(0, err)
			return data
		}})
	}
	pool := start(t, imager.Options{Slots: 1, Memory: 1 << 40, AddressSpace: -1})
	var pid int
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			source := s.make()
			forget(t, pid)
			res, err := pool.Process(t.Context(), catalogue(t, source))
			if err != nil {
				t.Fatal(err)
			}
			var need int64
			if _, err := fmt.Sscan(res.Source.Profile, &pid, &need); err != nil {
				t.Fatal(err)
			}
			took := peak(t, pid)
			const mib = 1 << 20
			t.Logf("| %s | %.0f | %.1f | %d | %d |", s.name, float64(res.Source.Width*res.Source.Height)/1e6, float64(len(source))/1e6, took/mib, need/mib)
			if took > need {
				t.Errorf("it took %d MiB, estimated as %d", took/mib, need/mib)
			}
			if need > imager.Share && took < need/3 { // below, it makes no difference
				t.Errorf("it took only %d MiB, estimated as %d", took/mib, need/mib)
			}
		})
	}
}

// Photos that would together exceed the memory are decoded one after the other, while small
// ones pass.
func TestLargePhotosTakeTurns(t *testing.T) {
	const memory = 3*imager.Share + 400<<20
	p := start(t, imager.Options{Slots: 3, Memory: memory})
	large := photos{t: t, width: 8000, height: 6000}.png(8, 6, true) // needs some 540 MiB, of 656
	small := photos{t: t, width: 800, height: 600}.png(8, 2, false)
	done := make(chan error)
	for _, source := range [][]byte{large, large, small, small, small} {
		req := catalogue(t, source)
		req.Variants.AVIF, req.Variants.WebP = nil, nil
		go func() {
			_, err := p.Process(context.Background(), req)
			done <- err
		}()
	}
	waited := false
	for left := 5; left > 0; {
		select {
		case err := <-done:
			left--
			if err != nil {
				t.Error(err)
			}
		default:
		}
		s := p.Stats()
		waited = waited || s.Waiting == 1
		if s.Admitted > memory {
			t.Fatalf("%d bytes admitted of %d", s.Admitted, memory)
		}
	}
	if !waited {
		t.Error("both large photos were decoded at once")
	}
}
