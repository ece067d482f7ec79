package batch_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"burnish/imaging"
	"burnish/worker/batch"
	"burnish/worker/ledger"
)

func TestCost(t *testing.T) {
	p := batch.Prices{VCPUHour: 0.06, ClassA1000: 0.005, ClassB1000: 0.0004, StorageGBMonth: 0.02}
	got := p.Cost(ledger.Summary{
		Done:   200_000_000,
		Failed: map[imaging.Reason]int64{imaging.Corrupt: 1_000_000},
		CPU:    10_000 * time.Hour,
		Written: map[imaging.Format]ledger.Written{
			imaging.JPEG: {Variants: 800_000_000, Bytes: 20e12},
			imaging.AVIF: {Variants: 800_000_000, Bytes: 10e12},
		},
	})
	near := func(what string, got, want float64) {
		if math.Abs(got-want) > 1e-6*want {
			t.Errorf("%s costs %v, want %v", what, got, want)
		}
	}
	near("CPU", got.CPU, 600)
	near("writing 1.8 billion objects", got.Write, 9000)
	near("reading", got.Read, 160.8)
	near("all", got.Total, 9760.8)
	near("a month of storage", got.Month, 600)
}

func TestParsePrices(t *testing.T) {
	if p := batch.BuiltinPrices(); p.ClassA1000 <= 0 || p.AsOf == "" || !strings.Contains(p.Source, "cloud.google.com") {
		t.Errorf("builtin prices %+v", p)
	}
	good := string(batch.BuiltinPricesYAML())
	cases := []struct{ name, data, says string }{
		{"one is missing", strings.Replace(good, "vcpu_hour:", "# ", 1), "vcpu_hour is missing"},
		{"unknown", good + "gpu_hour: 3\n", "gpu_hour"},
		{"negative", strings.Replace(good, "0.005", "-1", 1), "class_a_1000 is -1"},
		{"no number", strings.Replace(good, "0.005", ".nan", 1), "class_a_1000 is NaN"},
		{"undated", strings.Replace(good, "as_of: 2026-11-27", "", 1), "as_of"},
		{"no YAML", "\x00", "prices"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if p, err := batch.ParsePrices([]byte(c.data)); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%+v, %v; want an error that says %q", p, err, c.says)
			}
		})
	}
}
