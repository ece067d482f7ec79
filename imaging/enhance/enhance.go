// Package enhance measures a small copy of a photo and decides what may be done to it.
//
// It does nothing without evidence: every decision follows from a measurement that stands in
// the result, and enhancing twice changes nothing the second time.
package enhance

import "burnish/imaging"

// Picture is a small copy of a photo in 8-bit sRGB, upright and without alpha.
type Picture struct {
	Width, Height int
	Pix           []byte // R, G, B of each pixel, row by row without padding
}

// Decision is what is to be done to a photo.
type Decision struct {
	Chroma     imaging.Chroma // Subsampled or Full, for formats whose recipe says Auto
	Steps      []imaging.Step // adjustments, in order, and what was vetoed; empty, not nil, where there are none
	Adjustment Adjustment     // what the steps come to for each pixel
}

// Measure analyses a photo. It takes a few milliseconds for 512 × 512 pixels.
func Measure(p Picture) imaging.Analysis {
	return imaging.Analysis{
		ChromaLoss: ChromaLoss(p),
		Exposure:   exposure(histogramOf(p)),
	}
}

// Decide says what the measurements call for, within what a recipe allows.
func Decide(a imaging.Analysis, most imaging.Enhance) Decision {
	d := Decision{Chroma: imaging.Subsampled, Steps: []imaging.Step{}}
	if a.ChromaLoss > visibleChromaLoss {
		d.Chroma = imaging.Full
	}
	step, tone := decideExposure(a.Exposure, most.Exposure)
	if step.Name != "" {
		d.Steps = append(d.Steps, step)
	}
	d.Adjustment.Tone = tone
	return d
}
