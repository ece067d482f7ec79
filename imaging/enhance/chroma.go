package enhance

import "slices"

// visibleChromaLoss is the ChromaLoss from which 4:4:4 pays. 36 photos and charts were coded with
// mozjpeg at quality 75 and libaom at quality 52 and scored with SSIMULACRA2. At equal bytes 4:4:4
// gains above it: sweets 2.0 points in JPEG and 3.0 in AVIF, a red sign on red 1.6 and 4.9, a lens
// cap on a chart 0.6 and 0.0; colour bars lose 7.1 and gain 5.3. Below it, it loses 4.4 points on
// average in JPEG and gains 0.2 in AVIF.
const visibleChromaLoss = 4

// Shares of the pixels: the worst that count, and those that tell how busy the photo is.
const (
	worst = 0.995
	busy  = 0.90
)

// ChromaLoss is by how much a picture's saturated edges would stand out if its chroma were
// averaged over 2 × 2 pixels (4:2:0) and spread again as libjpeg does ("fancy upsampling").
//
// It is the 99.5th percentile of the colour difference (ΔE2000) that this makes, a percentile
// since the eye goes to the worst edges, less three times the 90th: in a picture that is full of
// coloured texture an edge more is not seen, and 4:4:4 would spend its bytes on the texture.
// In the dark, where screens and eyes tell less, differences weigh less. 0 is the least.
func ChromaLoss(p Picture) float64 {
	if p.Width < 2 || p.Height < 2 || len(p.Pix) < 3*p.Width*p.Height {
		return 0
	}
	losses := chromaLosses(p)
	slices.Sort(losses)
	at := func(share float64) float64 { return losses[int(share*float64(len(losses)-1))] }
	return max(0, at(worst)-3*at(busy))
}

// chromaLosses is the weighted colour difference at every seventh pixel, in a lattice that
// meets all places in a block of 2 × 2 alike.
func chromaLosses(p Picture) []float64 {
	ycc := toYCC(p)
	cb, cr := ycc.subsampled()
	losses := make([]float64, 0, len(ycc.y)/7+p.Height)
	for y := range p.Height {
		for x := (3 * y) % 7; x < p.Width; x += 7 {
			i := y*p.Width + x
			b, r := ycc.spread(cb, x, y), ycc.spread(cr, x, y)
			if b == int32(ycc.cb[i]) && r == int32(ycc.cr[i]) {
				losses = append(losses, 0)
				continue
			}
			before := LabOf(p.Pix[3*i], p.Pix[3*i+1], p.Pix[3*i+2])
			after := LabOf(toRGB(int32(ycc.y[i]), b, r))
			losses = append(losses, DeltaE2000(before, after)*min(1, before.L/50))
		}
	}
	return losses
}
