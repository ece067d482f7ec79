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
	Chroma imaging.Chroma // Subsampled or Full, for formats whose recipe says Auto
	Steps  []imaging.Step // adjustments of the pixels, in order; empty, not nil, where there are none
}

// Measure analyses a photo. It takes a few milliseconds for 512 × 512 pixels.
func Measure(p Picture) imaging.Analysis {
	return imaging.Analysis{ChromaLoss: ChromaLoss(p)}
}

// Decide says what the measurements call for.
func Decide(a imaging.Analysis) Decision {
	d := Decision{Chroma: imaging.Subsampled, Steps: []imaging.Step{}}
	if a.ChromaLoss > visibleChromaLoss {
		d.Chroma = imaging.Full
	}
	return d
}
