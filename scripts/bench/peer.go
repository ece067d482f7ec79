package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"burnish/imaging"

	"golang.org/x/sys/unix"
)

// peer is a running program that makes variants: it answers one JSON request a line. It is
// measured from outside, by the CPU clock of its process, so no peer reports on itself.
type peer struct {
	name     string
	versions map[string]string
	cmd      *exec.Cmd
	in       io.WriteCloser
	out      *json.Decoder
}

// job is one request: the variants of one photo.
type job struct {
	Photo    string `json:"photo"`
	Out      string `json:"out,omitempty"`  // folder for the variants; empty writes nothing
	Mode     string `json:"mode,omitempty"` // of sharp: clone, files or once
	Settings any    `json:"settings"`
}

// made is what came of a job, and what it took.
type made struct {
	Variants []variant         `json:"variants"`
	Timings  imaging.Timings   `json:"timings"`
	Analysis *imaging.Analysis `json:"analysis"`
	Error    string            `json:"error"`

	cpu, wall time.Duration
}

type variant struct {
	Name    string         `json:"name"`
	Format  imaging.Format `json:"format"`
	Width   int            `json:"width"`
	Height  int            `json:"height"`
	Quality int            `json:"quality"`
	Chroma  imaging.Chroma `json:"chroma"`
	Bytes   int            `json:"bytes"`
	File    string         `json:"file"`
}

// piped starts a program with pipes to its standard input and output.
func piped(name string, argv ...string) (cmd *exec.Cmd, in io.WriteCloser, out io.Reader, err error) {
	cmd = exec.Command(argv[0], argv[1:]...)
	cmd.Stderr = os.Stderr
	if in, err = cmd.StdinPipe(); err != nil {
		return nil, nil, nil, err
	}
	if out, err = cmd.StdoutPipe(); err != nil {
		return nil, nil, nil, err
	}
	if err = cmd.Start(); err != nil {
		return nil, nil, nil, fmt.Errorf("start %s: %w", name, err)
	}
	return cmd, in, out, nil
}

// start runs a peer and waits until it is ready for its first job.
func start(name string, argv ...string) (*peer, error) {
	cmd, in, out, err := piped(name, argv...)
	if err != nil {
		return nil, err
	}
	p := &peer{name: name, cmd: cmd, in: in, out: json.NewDecoder(bufio.NewReader(out))}
	var hello struct{ Versions map[string]string }
	if err := p.out.Decode(&hello); err != nil {
		return nil, errors.Join(fmt.Errorf("%s said no hello: %w", name, err), p.close())
	}
	p.versions = hello.Versions
	return p, nil
}

// ask has a photo made and measures the CPU time, user and system, that the process took.
func (p *peer) ask(j job) (made, error) {
	line, err := json.Marshal(j)
	if err != nil {
		return made{}, err
	}
	before, err := cpuTime(p.cmd.Process.Pid)
	if err != nil {
		return made{}, err
	}
	began := time.Now()
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return made{}, fmt.Errorf("ask %s: %w", p.name, err)
	}
	var m made
	if err := p.out.Decode(&m); err != nil {
		return made{}, fmt.Errorf("answer of %s: %w", p.name, err)
	}
	m.wall = time.Since(began)
	after, err := cpuTime(p.cmd.Process.Pid)
	if err != nil {
		return made{}, err
	}
	m.cpu = after - before
	if m.Error != "" {
		return made{}, fmt.Errorf("%s on %s: %s", p.name, j.Photo, m.Error)
	}
	return m, nil
}

func (p *peer) close() error {
	p.in.Close()
	return p.cmd.Wait()
}

// cpuTime reads another process's CPU clock, all its threads together. The id of that clock is
// the pid's complement shifted left by three, or-ed with CPUCLOCK_SCHED, as Linux defines it
// (clock_getcpuclockid in glibc).
func cpuTime(pid int) (time.Duration, error) {
	const cpuclockSched = 2
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^uint32(pid)<<3|cpuclockSched), &t); err != nil {
		return 0, fmt.Errorf("CPU clock of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}
