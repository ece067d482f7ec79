// Package ssimulacra2 scores how far a coded picture looks from its original.
//
// It is SSIMULACRA 2.1 by Jon Sneyers (Cloudinary, April 2023), written from its published
// description: XYB colour, six scales halved in linear light, an SSIM map and two edge maps,
// mean and 4-norm of each, 108 weights and a final curve fitted to people's judgement.
// 100 is the original, 90 cannot be told from it side by side, 70 is high quality, 50 medium,
// 30 low; it may fall below 0.
package ssimulacra2

import (
	"errors"
	"fmt"
	"math"
)

// Facts about pictures that cannot be scored.
var (
	ErrSize  = errors.New("pictures differ in size")
	ErrSmall = errors.New("picture is under 8 pixels wide or high")
	ErrPix   = errors.New("pixels do not fill width and height")
)

const (
	scales  = 6
	minSide = 8 // the smallest width or height that is scored
)

// Picture is opaque sRGB, 8 bits a channel, interleaved RGB without padding.
type Picture struct {
	Width, Height int
	Pix           []byte // Width × Height × 3
}

func (p Picture) check() error {
	if p.Width < minSide || p.Height < minSide {
		return fmt.Errorf("%d×%d: %w", p.Width, p.Height, ErrSmall)
	}
	if len(p.Pix) != p.Width*p.Height*3 {
		return fmt.Errorf("%d bytes for %d×%d: %w", len(p.Pix), p.Width, p.Height, ErrPix)
	}
	return nil
}

// Reference is an original prepared for scoring many pictures against it. It is safe for use
// by several goroutines.
type Reference struct {
	width, height int
	levels        []level
}

// level holds one scale of the original, for each of X, Y and B.
type level struct {
	width, height int
	img, mu, sq   [3][]float32 // values, their blur, the blur of their squares
}

// NewReference prepares an original. It keeps about 50 bytes a pixel.
func NewReference(p Picture) (*Reference, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	r := &Reference{width: p.Width, height: p.Height}
	tmp := newScratch(p.Width * p.Height)
	pyramid(p, func(w, h int, img [3][]float32) {
		l := level{width: w, height: h, img: img}
		for c := range img {
			l.mu[c] = make([]float32, w*h)
			l.sq[c] = make([]float32, w*h)
			tmp.blur(img[c], l.mu[c], w, h)
			tmp.blurProduct(img[c], img[c], l.sq[c], w, h)
		}
		r.levels = append(r.levels, l)
	})
	return r, nil
}

// Score is how much the picture looks like the original; it must be of the same size.
func (r *Reference) Score(p Picture) (float64, error) {
	if err := p.check(); err != nil {
		return 0, err
	}
	if p.Width != r.width || p.Height != r.height {
		return 0, fmt.Errorf("%d×%d against %d×%d: %w", p.Width, p.Height, r.width, r.height, ErrSize)
	}
	tmp := newScratch(p.Width * p.Height)
	mu := make([]float32, p.Width*p.Height)
	sq := make([]float32, p.Width*p.Height)
	cross := make([]float32, p.Width*p.Height)
	var norms [3][scales]norms
	n := 0
	pyramid(p, func(w, h int, img [3][]float32) {
		l, size := r.levels[n], w*h
		for c := range img {
			tmp.blur(img[c], mu[:size], w, h)
			tmp.blurProduct(img[c], img[c], sq[:size], w, h)
			tmp.blurProduct(l.img[c], img[c], cross[:size], w, h)
			norms[c][n].ssim = ssimMap(l.mu[c], mu[:size], l.sq[c], sq[:size], cross[:size])
			norms[c][n].ringing, norms[c][n].blurring = edgeMaps(l.img[c], l.mu[c], img[c], mu[:size])
		}
		n++
	})
	return score(norms, n), nil
}

// Score compares two pictures of the same size.
func Score(original, distorted Picture) (float64, error) {
	r, err := NewReference(original)
	if err != nil {
		return 0, err
	}
	return r.Score(distorted)
}

// score weighs the norms and bends the sum onto the scale of people's judgement.
func score(all [3][scales]norms, n int) float64 {
	sum, i := 0.0, 0
	for c := range all {
		for s := range n { // a small picture has fewer scales, and its weights move up
			for norm := range 2 {
				v := all[c][s]
				sum += weights[i]*v.ssim[norm] + weights[i+1]*v.ringing[norm] + weights[i+2]*v.blurring[norm]
				i += 3
			}
		}
	}
	sum *= 0.9562382616834844
	sum = 2.326765642916932*sum - 0.020884521182843837*sum*sum + 6.248496625763138e-05*sum*sum*sum
	if sum <= 0 {
		return 100
	}
	return 100 - 10*math.Pow(sum, 0.6276336467831387)
}
