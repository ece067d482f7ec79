package ssimulacra2

import "math"

// norms are what is kept of the three error maps of one channel at one scale: the mean and
// the 4-norm of each.
type norms struct{ ssim, ringing, blurring [2]float64 }

// ssimMap measures lost structure: 1 − SSIM without the denominator of its luminance term,
// which would count errors in the dark twice. In are means, mean squares and mean product.
func ssimMap(mu1, mu2, sq1, sq2, cross []float32) [2]float64 {
	const c2 = 0.0009
	n := len(mu1)
	mu2, sq1, sq2, cross = mu2[:n], sq1[:n], sq2[:n], cross[:n]
	var sum, sum4 float64
	for i, m1 := range mu1 {
		m2 := mu2[i]
		diff := m1 - m2
		cov := 2*(cross[i]-m1*m2) + c2
		variance := (sq1[i] - m1*m1) + (sq2[i] - m2*m2) + c2
		d := max(0, 1-float64((1-diff*diff)*cov/variance))
		sum += d
		sum4 += d * d * d * d
	}
	return mean(sum, sum4, n)
}

// edgeMaps measures edges that the distorted picture has and the original has not (ringing,
// banding, blocks), and the reverse (blurring).
func edgeMaps(img1, mu1, img2, mu2 []float32) (ringing, blurring [2]float64) {
	n := len(img1)
	mu1, img2, mu2 = mu1[:n], img2[:n], mu2[:n]
	var more, more4, less, less4 float64
	for i, v := range img1 {
		was := 1 + math.Abs(float64(v-mu1[i]))
		is := 1 + math.Abs(float64(img2[i]-mu2[i]))
		d := is/was - 1
		if d4 := d * d * d * d; d > 0 {
			more += d
			more4 += d4
		} else {
			less -= d
			less4 += d4
		}
	}
	return mean(more, more4, n), mean(less, less4, n)
}

func mean(sum, sum4 float64, n int) [2]float64 {
	return [2]float64{sum / float64(n), math.Sqrt(math.Sqrt(sum4 / float64(n)))}
}
