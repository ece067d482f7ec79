//go:build unix

// Package emulator runs the official Pub/Sub emulator, for tests and the fault harness.
package emulator

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Emulator is one that runs. It forgets everything when it is closed.
type Emulator struct {
	Address string // host:port, as PUBSUB_EMULATOR_HOST takes it

	cmd  *exec.Cmd
	data string // the emulator's folder
}

// patience is how long a Java program on a busy machine may take to listen.
const patience = time.Minute

// Start starts an emulator of its own on a free port of this machine, and returns when it
// takes connections, which is after some 5 seconds. Close must be called. The error says how to
// install what is missing.
func Start(ctx context.Context) (*Emulator, error) {
	address, err := free()
	if err != nil {
		return nil, err
	}
	data, err := os.MkdirTemp("", "pubsub-emulator-")
	if err != nil {
		return nil, err
	}
	e := &Emulator{Address: address, data: data}
	e.cmd = exec.Command("gcloud", "beta", "emulators", "pubsub", "start", "--host-port="+address, "--data-dir="+data)
	e.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // gcloud has children
	if err := e.cmd.Start(); err != nil {
		_ = os.RemoveAll(data)
		return nil, fmt.Errorf("the Pub/Sub emulator: %w: install it with gcloud components install pubsub-emulator", err)
	}
	if err := e.wait(ctx); err != nil {
		e.Close()
		return nil, fmt.Errorf("the Pub/Sub emulator does not listen on %s: %w: does gcloud beta emulators pubsub start work?", address, err)
	}
	return e, nil
}

// free returns an address that nobody listens on.
func free() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// wait returns when the emulator takes connections.
func (e *Emulator) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		conn, err := net.Dial("tcp", e.Address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Close kills the emulator and removes its folder.
func (e *Emulator) Close() {
	_ = syscall.Kill(-e.cmd.Process.Pid, syscall.SIGKILL)
	_ = e.cmd.Wait()
	_ = os.RemoveAll(e.data)
}
