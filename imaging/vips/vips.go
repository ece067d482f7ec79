// Package vips turns a coded photo into coded variants with libvips.
//
// It is the only cgo in Burnish and the only user of bimg. bimg starts and stops libvips,
// names the type and reads the header; pipeline.c does what bimg cannot: many outputs from
// one decode, with every setting of the encoders.
package vips

/*
#cgo pkg-config: vips
#cgo CFLAGS: -O3 -Wall -Wextra -Wno-unused-parameter
#cgo LDFLAGS: -ldl -lm
#include <stdlib.h>
#include "pipeline.h"
*/
import "C"

import (
	"runtime"
	"sync"

	"burnish/imaging"

	"github.com/h2non/bimg"
)

// Algorithm is raised whenever the same recipe, codecs and photo would give other pixels or
// other bytes than before: a changed kernel, threshold, profile rule or encoder setting. It is
// part of every fingerprint, so raising it makes every variant stale; a fix that touches only
// photos that failed before leaves it alone.
const Algorithm = 4

// Engine makes variants with libvips. It implements imager.Engine.
type Engine struct {
	build imaging.Build
	tunes map[string]bool // values of AVIF's tune that this build takes
}

// libvips is one per process, as is its error buffer: one photo at a time.
var (
	library sync.Mutex
	start   sync.Once
)

// New starts libvips and finds out what it can. version is Burnish's own and stands in Build.
func New(version string) *Engine {
	start.Do(func() {
		bimg.Initialize()
		C.photo_start()
	})
	library.Lock()
	defer library.Unlock()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer endThread()
	e := &Engine{tunes: probeTunes()}
	e.build = imaging.Build{
		Version:   version,
		Algorithm: Algorithm,
		Libvips:   libvipsVersion(),
		Codecs:    codecVersions(),
		Reads:     probeReads(),
	}
	return e
}

// Close stops libvips for the whole process; nothing of this package works afterwards.
func (e *Engine) Close() {
	library.Lock()
	defer library.Unlock()
	bimg.Shutdown()
}

// Build implements imager.Engine.
func (e *Engine) Build() imaging.Build { return e.build }
