//go:build !linux

package imager

import "os"

// shut does nothing: what Go opens is not passed on anyway.
func shut() {}

// confine does nothing: only Linux can limit another process.
func confine(int, int64) error { return nil }

// offer does nothing: only Linux is told what to end when memory runs out.
func offer(int) {}

// memory is unknown here, so that no child is recycled for its size.
func memory(int) (space, resident int64) { return 0, 0 }

// awaitExit cannot wait without reaping here.
func awaitExit(int) bool { return false }

// killGroup kills the process alone: the number of its group may be somebody else's by now.
func killGroup(p *os.Process) { _ = p.Kill() }
