package vips

/*
#include "pipeline.h"
*/
import "C"

import (
	"syscall"
	"time"
)

// clock measures the CPU time of the whole process: libvips works in threads of its own.
type clock struct{ start, last time.Duration }

func startClock() *clock {
	now := cpu()
	return &clock{now, now}
}

// lap is the time since the last lap.
func (c *clock) lap() time.Duration {
	now := cpu()
	d := now - c.last
	c.last = now
	return d
}

func (c *clock) total() time.Duration { return cpu() - c.start }

// cpu is user and system time of this process so far, or 0 where the system does not tell.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// endThread gives back what libvips keeps for this thread.
func endThread() { C.vips_thread_shutdown() }
