// Package setup turns flags and environment into opened parts, for every verb alike.
//
// It alone reads the environment.
package setup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

// ErrInterrupted is the cause of a context that a signal ended.
var ErrInterrupted = errors.New("interrupted")

// Signals returns two contexts. The first interrupt or SIGTERM ends soft: take nothing new and
// finish what is in hand. The second ends hard as well: drop everything. After that the
// signals have their usual effect.
func Signals() (soft, hard context.Context) {
	soft, stopSoft := context.WithCancelCause(context.Background())
	hard, stopHard := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		stopSoft(ErrInterrupted)
		<-signals
		stopHard(ErrInterrupted)
		signal.Stop(signals)
	}()
	return soft, hard
}

// ImagerPath is where the imager stands: beside this program, or where BURNISH_IMAGER says.
func ImagerPath() (string, error) {
	if path := os.Getenv("BURNISH_IMAGER"); path != "" {
		return path, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program's own folder: %w", err)
	}
	if real, err := filepath.EvalSymlinks(self); err == nil {
		self = real
	}
	return filepath.Join(filepath.Dir(self), "imager"), nil
}

// By names who runs this program, as user@host.
func By() string {
	user := os.Getenv("USER")
	if user == "" {
		user = fmt.Sprintf("uid%d", os.Getuid())
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return user + "@" + host
}
