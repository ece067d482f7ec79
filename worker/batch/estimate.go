package batch

import (
	"math"

	"burnish/imaging"
	"burnish/worker/ledger"
)

// Interval is a figure that a sample lets expect, and the bounds within which the true one lies
// in 19 cases of 20.
type Interval struct {
	Expected float64 `json:"expected"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
}

// exactly is a figure that no sample was needed for.
func exactly(v float64) Interval { return Interval{v, v, v} }

// scale multiplies a figure by what is known.
func (i Interval) scale(by float64) Interval {
	return Interval{i.Expected * by, i.Low * by, i.High * by}
}

// Estimate is what a batch would take. Dollars are at the plan's prices.
type Estimate struct {
	Done      Interval `json:"done"` // photos; the others fail or are skipped
	CPUHours  Interval `json:"cpuHours"`
	Cores     int      `json:"cores"`
	WallHours Interval `json:"wallHours"` // with so many cores that do nothing else
	Writes    Interval `json:"writes"`    // of variants and manifests
	Reads     Interval `json:"reads"`     // of photos and manifests
	Listings  float64  `json:"listings"`  // requests for a page of 1,000 names

	Bytes   Interval                    `json:"bytes"` // of all variants
	Formats map[imaging.Format]Interval `json:"bytesByFormat"`

	CPU   Interval `json:"cpuUSD"`
	Write Interval `json:"writeUSD"`
	Read  Interval `json:"readUSD"`
	List  float64  `json:"listUSD"` // not in the total: a batch's cost is counted by its outcomes
	Total Interval `json:"totalUSD"`
	Month Interval `json:"storageMonthUSD"` // not in the total
}

// estimate reckons from a sample's outcomes what all photos would take that were found.
func estimate(found Found, sample []ledger.Outcome, cores int, prices Prices) Estimate {
	all := func(of func(ledger.Outcome) float64) Interval {
		values := make([]float64, len(sample))
		for i, o := range sample {
			values[i] = of(o)
		}
		return total(values, found.Photos)
	}
	money := func(item func(Cost) float64) Interval {
		return all(func(o ledger.Outcome) float64 { return item(prices.Cost(alone(o))) })
	}
	e := Estimate{
		Done:     all(func(o ledger.Outcome) float64 { return float64(alone(o).Done) }),
		CPUHours: all(func(o ledger.Outcome) float64 { return o.CPU.Hours() }),
		Cores:    max(1, cores),
		Writes:   money(func(c Cost) float64 { return float64(c.Writes) }),
		Reads:    money(func(c Cost) float64 { return float64(c.Reads) }),
		Listings: math.Ceil(float64(found.Listed) / 1000),
		Bytes:    all(func(o ledger.Outcome) float64 { return float64(bytesOf(o, "")) }),
		Formats:  make(map[imaging.Format]Interval),
		CPU:      money(func(c Cost) float64 { return c.CPU }),
		Write:    money(func(c Cost) float64 { return c.Write }),
		Read:     money(func(c Cost) float64 { return c.Read }),
		Total:    money(func(c Cost) float64 { return c.Total }),
		Month:    money(func(c Cost) float64 { return c.Month }),
	}
	e.WallHours = e.CPUHours.scale(1 / float64(e.Cores))
	e.List = e.Listings / 1000 * prices.ClassA1000
	for _, o := range sample {
		for format := range o.Written {
			if _, ok := e.Formats[format]; !ok {
				e.Formats[format] = all(func(o ledger.Outcome) float64 { return float64(bytesOf(o, format)) })
			}
		}
	}
	return e
}

// alone is what a ledger counts of one outcome.
func alone(o ledger.Outcome) (s ledger.Summary) {
	s.Count(o)
	return s
}

// bytesOf is the bytes of an outcome's variants in a format, or in all of them.
func bytesOf(o ledger.Outcome, format imaging.Format) (n int64) {
	for f, w := range o.Written {
		if format == "" || f == format {
			n += w.Bytes
		}
	}
	return n
}

// total estimates the sum of a figure over n photos from those of a simple random sample of
// them, drawn without replacement: n times the mean, give or take Student's t times
// n · s/√m · √(1 − m/n), as in Cochran, "Sampling Techniques" (1977), section 2.8. A sample of
// one tells nothing of the spread: it is then taken to be anything from nothing to twice as much.
// No figure is negative.
func total(sample []float64, n int64) Interval {
	m := float64(len(sample))
	if m == 0 || n == 0 {
		return Interval{}
	}
	sum, squares := 0.0, 0.0
	for _, v := range sample {
		sum += v
	}
	all, mean := float64(n), sum/m
	for _, v := range sample {
		squares += (v - mean) * (v - mean)
	}
	expected := sum * (all / m)
	margin := expected
	switch {
	case m >= all:
		margin = 0
	case m > 1:
		margin = all * student(len(sample)-1) * math.Sqrt(squares/(m-1)/m*(1-m/all))
	}
	return Interval{expected, max(0, expected-margin), expected + margin}
}

// twoSided is the 97.5th percentile of Student's t for 1 to 30 degrees of freedom.
var twoSided = [...]float64{
	12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
	2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
	2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
}

// student returns the 97.5th percentile of Student's t; beyond the table, to 0.003.
func student(freedom int) float64 {
	if freedom <= len(twoSided) {
		return twoSided[freedom-1]
	}
	return 1.96 + 2.45/float64(freedom)
}
