package enhance

import "slices"

// visibleChromaLoss is the ChromaLoss from which edges are seen to bleed.
const visibleChromaLoss = 8

// The share of pixels that ChromaLoss disregards, and the larger share of candidates that it
// examines: those whose chroma moves furthest in YCbCr.
const (
	worstShare     = 0.005
	candidateShare = 0.03
)

// ChromaLoss is what 4:2:0 would do to a picture's saturated edges: the 99.5th percentile of
// the colour difference (ΔE2000) between the picture and its rendering with chroma averaged
// over 2 × 2 pixels and spread again as libjpeg does ("fancy upsampling").
//
// A percentile rather than a mean, since the eye goes to the worst edges. ΔE2000 costs more
// than all the rest, so it is computed for the candidates only.
func ChromaLoss(p Picture) float64 {
	n := p.Width * p.Height
	if n == 0 || len(p.Pix) < 3*n {
		return 0
	}
	ycc := toYCC(p)
	cb, cr := ycc.subsampled()
	moved := make([]uint16, n)
	var histogram [1 << 16]int32
	ycc.eachMove(cb, cr, func(i int, b, r int32) {
		db, dr := b-int32(ycc.cb[i]), r-int32(ycc.cr[i])
		moved[i] = uint16(min(db*db+dr*dr, 1<<16-1))
		histogram[moved[i]]++
	})
	threshold := atLeast(histogram[:], int32(float64(n)*candidateShare)+1)
	var losses []float64
	ycc.eachMove(cb, cr, func(i int, b, r int32) {
		if moved[i] < threshold || moved[i] == 0 {
			return
		}
		before := LabOf(p.Pix[3*i], p.Pix[3*i+1], p.Pix[3*i+2])
		losses = append(losses, DeltaE2000(before, LabOf(toRGB(int32(ycc.y[i]), b, r))))
	})
	slices.Sort(losses)
	at := len(losses) - 1 - int(float64(n)*worstShare)
	if at < 0 {
		return 0
	}
	return losses[at]
}

// atLeast is the largest value that at least count samples of a histogram reach.
func atLeast(histogram []int32, count int32) uint16 {
	for v := len(histogram) - 1; v > 0; v-- {
		if count -= histogram[v]; count <= 0 {
			return uint16(v)
		}
	}
	return 0
}
