package enhance

import (
	"math"
	"slices"

	"burnish/imaging"
)

// Blocks are measured one by one, since flat ones tell noise and edges tell sharpness.
const block = 16

// detail measures tiles of a photo at the size of its largest variant: averaged copies have neither
// its noise nor its edges.
func detail(tiles []Picture) imaging.Detail {
	var noise, steps []float64
	for _, t := range tiles {
		if len(t.Pix) < 3*t.Width*t.Height {
			continue
		}
		light := luminance(t)
		for y := 0; y+block <= t.Height; y += block {
			for x := 0; x+block <= t.Width; x += block {
				if sigma, ok := blockNoise(light, t.Width, x, y); ok {
					noise = append(noise, sigma)
				}
			}
		}
		steps = append(steps, edges(light, t.Width, t.Height)...)
	}
	d := imaging.Detail{Noise: at(noise, 0.1), Texture: at(noise, 0.5)}
	if len(steps) >= fewEdges {
		d.Sharpness = at(steps, 0.9)
	}
	return d
}

// fewEdges say nothing of sharpness.
const fewEdges = 30

// at is the value that a share of all does not exceed, 0 where there are none. It sorts them.
func at(values []float64, share float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[int(share*float64(len(values)-1))]
}

// luminance is that of BT.709, of the coded values.
func luminance(p Picture) []int32 {
	out := make([]int32, p.Width*p.Height)
	for i := range out {
		out[i] = (54*int32(p.Pix[3*i]) + 183*int32(p.Pix[3*i+1]) + 19*int32(p.Pix[3*i+2]) + 128) >> 8
	}
	return out
}

// blockNoise is the standard deviation of noise in a block, in 8-bit levels, as Immerkær, "Fast noise
// variance estimation", Computer Vision and Image Understanding 64 (1996), takes it from the
// difference of two Laplacians, which leaves slopes and straight edges out. ok is false where
// black or white cut noise off.
func blockNoise(light []int32, width, left, top int) (sigma float64, ok bool) {
	var sum, mean int32
	for y := top + 1; y < top+block-1; y++ {
		for x := left + 1; x < left+block-1; x++ {
			i := y*width + x
			v := light[i-width-1] - 2*light[i-width] + light[i-width+1] - 2*light[i-1] + 4*light[i] -
				2*light[i+1] + light[i+width-1] - 2*light[i+width] + light[i+width+1]
			sum += max(v, -v)
			mean += light[i]
		}
	}
	const n = (block - 2) * (block - 2)
	mean /= n
	return math.Sqrt(math.Pi/2) * float64(sum) / (6 * n), mean > 12 && mean < 243
}

// reach is how far an edge is followed to each side, in pixels, and leastEdge how high it has to be.
const (
	reach     = 4
	leastEdge = 48
)

// edges is, for each strong edge across and down, the share of its height that lies between the
// two pixels where it is steepest: 1 for a step, a quarter for one that four pixels share.
func edges(light []int32, width, height int) (steps []float64) {
	follow := func(i, stride int) {
		step := light[i+stride] - light[i]
		before, after := light[i]-light[i-stride], light[i+2*stride]-light[i+stride]
		size := max(step, -step)
		if 4*size < leastEdge || size < max(before, -before) || size <= max(after, -after) {
			return
		}
		low, high := i, i+stride
		for n := 1; n < reach && (light[low]-light[low-stride])*step > 0; n++ {
			low -= stride
		}
		for n := 1; n < reach && (light[high+stride]-light[high])*step > 0; n++ {
			high += stride
		}
		if rise := (light[high] - light[low]) * sign(step); rise >= leastEdge {
			steps = append(steps, float64(size)/float64(rise))
		}
	}
	for y := reach; y < height-reach-1; y++ {
		for x := reach; x < width-reach-1; x++ {
			follow(y*width+x, 1)
			follow(y*width+x, width)
		}
	}
	return steps
}

func sign(v int32) int32 {
	if v < 0 {
		return -1
	}
	return 1
}
