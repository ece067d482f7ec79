package vips

import (
	"fmt"
	"runtime"

	"burnish/imaging"
	"burnish/imaging/enhance"
	"burnish/imaging/metadata"
)

// Process implements imager.Engine. Its errors wrap ErrCorrupt, ErrTruncated, ErrUnsupported
// or ErrTooLarge where the photo is the cause; any other error is a fault of recipe or build.
func (e *Engine) Process(req imaging.Request) (imaging.Result, error) {
	library.Lock()
	defer library.Unlock()
	runtime.LockOSThread() // libvips keeps buffers per thread
	defer runtime.UnlockOSThread()
	defer endThread()

	result, err := e.process(req)
	if err != nil {
		return imaging.Result{}, err
	}
	return result, nil
}

// process is the line from bytes to variants, one call per stage.
func (e *Engine) process(req imaging.Request) (r imaging.Result, err error) {
	var pin runtime.Pinner // libvips reads the source as long as pixels are wanted
	defer pin.Unpin()
	if len(req.Source) > 0 {
		pin.Pin(&req.Source[0])
	}
	clock := startClock()
	defer func() { r.Timings.CPU = clock.total() }()

	h, err := readHeader(req.Source, req.Limits)
	if err != nil {
		return r, err
	}
	r.Source = h.source(len(req.Source))
	plan, err := sizes(req.Variants, r.Source.Width, r.Source.Height)
	if err != nil {
		return r, err
	}
	if len(plan) == 0 {
		return r, fmt.Errorf("the recipe names no format to write")
	}

	base, err := decode(req.Source, h, plan[0])
	if err != nil {
		return r, fmt.Errorf("%s: %w", h.format, err)
	}
	defer base.release()
	r.Timings.Decode = clock.lap()

	small, err := base.small(req.Variants.Background)
	if err != nil {
		return r, err
	}
	r.Analysis = enhance.Measure(small)
	decision := enhance.Decide(r.Analysis)
	r.Steps = decision.Steps
	// Here base is adjusted by the decision's steps, in one pass and before any variant is made
	// of it. The only decision so far is an encoder's.
	r.Timings.Enhance = clock.lap()

	base.setXMP(metadata.Rights(h.format, req.Source))
	w := writer{engine: e, request: req, header: h, decision: decision}
	r.Variants, err = w.write(base, plan)
	r.Timings.Encode = clock.lap()
	return r, err
}
