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
	Denoise    float64        // standard deviation of noise to be averaged away, in 8-bit levels; 0 is none
	Adjustment Adjustment     // what is done to each pixel by its colour
	Deblur     float64        // amount of unsharp masking of the largest variant, before others are made of it
}

// Changes reports whether any pixel is to be changed.
func (d Decision) Changes() bool { return d.Denoise > 0 || d.Deblur > 0 || !d.Adjustment.Identity() }

// Measure analyses a photo by a small copy, by tiles of its largest variant at full size, and by its
// bytes. It takes some milliseconds for 512 × 512 pixels and nine tiles of 96 × 96.
func Measure(p Picture, tiles []Picture, source []byte) imaging.Analysis {
	c := count(p)
	return imaging.Analysis{
		ChromaLoss: ChromaLoss(p),
		Exposure:   exposure(c),
		Background: background(p),
		Lightest:   c.lightest(),
		Detail:     detail(tiles),

		Colourfulness: Colourfulness(p),
		JPEGQuality:   JPEGQuality(source),
	}
}

// Decide says what the measurements call for, within what a recipe allows.
func Decide(a imaging.Analysis, most imaging.Enhance) Decision {
	d := Decision{Chroma: imaging.Subsampled, Steps: []imaging.Step{}}
	if a.ChromaLoss > visibleChromaLoss {
		d.Chroma = imaging.Full
	}
	step, sigma := decideNoise(a, most.Denoise)
	d.add(step)
	d.Denoise = sigma
	step, matrix := decideBalance(a, most.WhiteBalance)
	d.add(step)
	d.Adjustment.Matrix = matrix
	d.Adjustment.Tone = d.tone(a.Exposure, most)
	step, matrix = decideSaturation(a, most.Saturation)
	d.add(step)
	d.Adjustment.Matrix = d.Adjustment.Matrix.then(matrix)
	step, d.Deblur = decideSharpness(a, most.Deblur)
	d.add(step)
	return d
}

// tone decides about luminance. A photo is stretched or brightened, never both: what is flat
// tells too little of how dark it is.
func (d *Decision) tone(e imaging.Exposure, most imaging.Enhance) Tone {
	step, slope, offset := decideContrast(e, most.Contrast)
	if step.Name != "" {
		d.add(step)
		return Tone{Slope: slope, Offset: offset}
	}
	step, tone := decideExposure(e, most.Exposure)
	d.add(step)
	return tone
}

// add notes a step, unless nothing called for it.
func (d *Decision) add(s imaging.Step) {
	if s.Name != "" {
		d.Steps = append(d.Steps, s)
	}
}
