package main

import (
	"fmt"
	"math"
	"slices"
)

// spread is the least, middle and greatest of a figure over repetitions.
type spread struct {
	Min    float64 `json:"min"`
	Median float64 `json:"median"`
	Max    float64 `json:"max"`
}

func spreadOf(v []float64) spread {
	if len(v) == 0 {
		return spread{math.NaN(), math.NaN(), math.NaN()}
	}
	s := slices.Sorted(slices.Values(v))
	m := s[len(s)/2]
	if len(s)%2 == 0 {
		m = (m + s[len(s)/2-1]) / 2
	}
	return spread{s[0], m, s[len(s)-1]}
}

func (s spread) String() string {
	return fmt.Sprintf("%.3f  (%.3f to %.3f)", s.Median, s.Min, s.Max)
}

// ratios divides repetition by repetition, so that what slows the machine down for a while
// slows both sides of a quotient.
func ratios(a, b []float64) spread {
	r := make([]float64, min(len(a), len(b)))
	for i := range r {
		r[i] = a[i] / b[i]
	}
	return spreadOf(r)
}

// geomean is the geometric mean of positive numbers.
func geomean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += math.Log(x)
	}
	return math.Exp(sum / float64(len(v)))
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}
