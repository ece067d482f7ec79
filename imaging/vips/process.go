package vips

import (
	"errors"
	"fmt"
	"runtime"
	"slices"

	"burnish/imaging"
	"burnish/imaging/enhance"
	"burnish/imaging/metadata"
)

// Process implements imager.Engine. Its errors wrap ErrCorrupt, ErrTruncated, ErrUnsupported
// or ErrTooLarge where the photo is the cause; any other error is a fault of recipe or build.
func (e *Engine) Process(req imaging.Request, admit func(need int64) error) (imaging.Result, error) {
	library.Lock()
	defer library.Unlock()
	runtime.LockOSThread() // libvips keeps buffers per thread
	defer runtime.UnlockOSThread()
	defer endThread()
	defer takeWarnings() // what is left is not the next photo's
	defer takeLog()

	result, err := e.process(req, admit)
	if err != nil {
		return imaging.Result{}, err
	}
	return result, nil
}

// process is the line from bytes to variants, one call per stage.
func (e *Engine) process(req imaging.Request, admit func(int64) error) (r imaging.Result, err error) {
	clock := startClock()
	defer func() { r.Timings.CPU = clock.total() }()

	format, err := e.recognise(req.Source)
	if err != nil {
		return r, err
	}
	var pin runtime.Pinner // libvips reads the source as long as pixels are wanted
	defer pin.Unpin()
	pin.Pin(&req.Source[0])

	h, err := readHeader(format, req.Source, req.Limits)
	if err != nil {
		return r, blame(format, req.Source, err)
	}
	r.Source = h.source(len(req.Source))
	plan, err := sizes(req.Variants, r.Source.Width, r.Source.Height)
	if err != nil {
		return r, err
	}

	need := h.need(req.Source, plan)
	if err := admit(need); err != nil {
		return r, blame(format, req.Source, err)
	}
	if need > large || resident() > resting {
		handBack()
	}
	if need > large {
		defer handBack()
	}

	base, err := decode(req.Source, h, plan[0], admit)
	if err != nil {
		return r, blame(format, req.Source, err)
	}
	defer func() { base.release() }()
	r.Source.Alpha = base.alpha()
	r.Timings.Decode = clock.lap()

	if r.Analysis, err = base.measure(req); err != nil {
		return r, err
	}
	decision := enhance.Decide(r.Analysis, req.Enhance)
	r.Steps = decision.Steps
	base, err = chain(base,
		func(p picture) (picture, error) { return p.apply(decision) },
		func(p picture) (picture, error) { return p.cleaned(req, &r) })
	if err != nil {
		return r, err
	}
	r.Timings.Enhance = clock.lap()

	w := writer{
		engine: e, request: req, header: h, decision: decision,
		xmp: metadata.Rights(format, req.Source),
	}
	r.Variants, err = w.write(base, plan)
	r.Timings.Encode = clock.lap()
	return r, err
}

// recognise tells the format by the first bytes, and refuses what this build cannot decode
// before a loader sees it.
func (e *Engine) recognise(source []byte) (imaging.Format, error) {
	format, err := sniff(source)
	if err != nil {
		return "", err
	}
	if !slices.Contains(e.build.Reads, format) {
		return "", fmt.Errorf("%w: this build of libvips does not read %s", imaging.ErrUnsupported, format)
	}
	return format, nil
}

// blame names the format in an error, and tells a photo that ends early from one that
// contradicts itself where the decoder does not.
func blame(format imaging.Format, source []byte, err error) error {
	if errors.Is(err, imaging.ErrCorrupt) && endsEarly(format, source) {
		return fmt.Errorf("%s: %w: the file ends before its pixels do", format, imaging.ErrTruncated)
	}
	return fmt.Errorf("%s: %w", format, err)
}
