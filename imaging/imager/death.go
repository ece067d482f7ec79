package imager

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"burnish/imaging"
)

// Cause says why a child was replaced by another.
type Cause string

// The causes. A photo was lost with the child for the first four only.
const (
	Crash    Cause = "crash"    // it died, or broke the protocol, on a photo
	Deadline Cause = "deadline" // it was killed at the deadline of a photo
	Memory   Cause = "memory"   // it died on a photo for want of memory
	Cancel   Cause = "cancel"   // it was killed because nobody waited for the photo any more

	Age  Cause = "age"  // it had done as many photos as a child may
	Size Cause = "size" // it had grown too large
	Idle Cause = "idle" // it died, or spoke, while it had no photo
)

// none is the cause of a child that goes on.
const none Cause = ""

// ending describes how the process ended, once it has.
func (c *child) ending() string {
	if !c.settle() {
		return "it closed its pipes and went on"
	}
	state := c.cmd.ProcessState
	if state == nil {
		return "it could not be waited for"
	}
	if killedBySystem(state) {
		return state.String() + " by the system (its out-of-memory killer?) or by hand"
	}
	return state.String()
}

// obituary says what an exchange that broke off means for its photo and for its child, which
// is gone afterwards.
func (c *child) obituary(broken error) (Cause, error) {
	if errors.Is(broken, errMalformed) {
		c.kill()
		<-c.dead
		return Crash, fmt.Errorf("%w: %w", imaging.ErrCrashed, broken)
	}
	how := c.ending()
	lines := c.stderr.lines()
	if line := starved(lines); line != "" {
		return Memory, fmt.Errorf("%w: the imager ran out of memory: %s", imaging.ErrTooLarge, line)
	}
	line := last(lines)
	if line == "" {
		return Crash, fmt.Errorf("%w: %s", imaging.ErrCrashed, how)
	}
	return Crash, fmt.Errorf("%w: %s: %s", imaging.ErrCrashed, how, line)
}

// explain says what to do about an imager that cannot be started.
func explain(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w; the file or the loader it was linked for is missing: install imager next to burnish", err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w; it must be a file that this user may execute", err)
	case errors.Is(err, syscall.ENOEXEC):
		return fmt.Errorf("%w; it is not a program for this machine", err)
	default:
		return err
	}
}

// interruption is what a photo ends with when its child was killed for the given cause.
func interruption(ctx context.Context, cause error, o Options) (Cause, error) {
	switch {
	case errors.Is(cause, errDeadline):
		return Deadline, fmt.Errorf("%w after %s", imaging.ErrTimeout, o.Deadline)
	case errors.Is(cause, ErrClosed):
		return Cancel, ErrClosed
	default:
		return Cancel, ctx.Err()
	}
}
