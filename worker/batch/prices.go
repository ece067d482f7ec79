package batch

import (
	"bytes"
	_ "embed" // for the prices
	"errors"
	"fmt"
	"math"

	"github.com/goccy/go-yaml"

	"burnish/worker/ledger"
)

//go:embed prices.yaml
var builtinPrices []byte

// Prices are what work costs, in US dollars.
type Prices struct {
	AsOf           string  `yaml:"as_of" json:"asOf"` // when they were read
	Source         string  `yaml:"source" json:"source"`
	VCPUHour       float64 `yaml:"vcpu_hour" json:"vcpuHour"`
	ClassA1000     float64 `yaml:"class_a_1000" json:"classA1000"` // writes and listings
	ClassB1000     float64 `yaml:"class_b_1000" json:"classB1000"` // reads
	StorageGBMonth float64 `yaml:"storage_gb_month" json:"storageGBMonth"`
}

// BuiltinPrices returns the list prices that are embedded.
func BuiltinPrices() Prices {
	p, err := ParsePrices(builtinPrices)
	if err != nil {
		panic(err) // a test reads them
	}
	return p
}

// BuiltinPricesYAML is the file that the embedded prices are read from, to copy and change.
func BuiltinPricesYAML() []byte { return bytes.Clone(builtinPrices) }

// ParsePrices reads a price file. Every price must be there: one that is forgotten would count
// as nothing.
func ParsePrices(data []byte) (Prices, error) {
	var read struct {
		AsOf           *string  `yaml:"as_of"`
		Source         *string  `yaml:"source"`
		VCPUHour       *float64 `yaml:"vcpu_hour"`
		ClassA1000     *float64 `yaml:"class_a_1000"`
		ClassB1000     *float64 `yaml:"class_b_1000"`
		StorageGBMonth *float64 `yaml:"storage_gb_month"`
	}
	if err := yaml.UnmarshalWithOptions(data, &read, yaml.Strict()); err != nil {
		return Prices{}, fmt.Errorf("prices: %w", err)
	}
	if read.AsOf == nil || read.Source == nil {
		return Prices{}, errors.New("prices: as_of and source say when and where they were read: give both")
	}
	p := Prices{AsOf: *read.AsOf, Source: *read.Source}
	for _, price := range []struct {
		name string
		from *float64
		to   *float64
	}{
		{"vcpu_hour", read.VCPUHour, &p.VCPUHour},
		{"class_a_1000", read.ClassA1000, &p.ClassA1000},
		{"class_b_1000", read.ClassB1000, &p.ClassB1000},
		{"storage_gb_month", read.StorageGBMonth, &p.StorageGBMonth},
	} {
		if price.from == nil {
			return Prices{}, fmt.Errorf("prices: %s is missing", price.name)
		}
		if *price.from < 0 || math.IsNaN(*price.from) || math.IsInf(*price.from, 0) {
			return Prices{}, fmt.Errorf("prices: %s is %v: expected 0 or more", price.name, *price.from)
		}
		*price.to = *price.from
	}
	return p, nil
}

// Cost is what work has cost, by item, in US dollars.
type Cost struct {
	CPUHours float64 `json:"cpuHours"` // of the imagers
	CPU      float64 `json:"cpu"`
	Writes   int64   `json:"writes"`
	Write    float64 `json:"write"`
	Reads    int64   `json:"reads"`
	Read     float64 `json:"read"`
	Total    float64 `json:"total"`
	Month    float64 `json:"storageMonth"` // of the variants, a month; not in the total
}

// Cost prices what a ledger has counted. Each variant and each manifest is one write, and each
// photo two reads: of itself and of its manifest. It leaves out what no outcome tells: cores
// that wait, memory, messages, listings, the ledger itself and what visitors load.
func (p Prices) Cost(s ledger.Summary) Cost {
	c := Cost{CPUHours: s.CPU.Hours(), Writes: s.Done, Reads: 2 * s.Outcomes()}
	var stored int64
	for _, w := range s.Written {
		c.Writes += int64(w.Variants)
		stored += w.Bytes
	}
	c.CPU = c.CPUHours * p.VCPUHour
	c.Write = float64(c.Writes) / 1000 * p.ClassA1000
	c.Read = float64(c.Reads) / 1000 * p.ClassB1000
	c.Total = c.CPU + c.Write + c.Read
	c.Month = float64(stored) / 1e9 * p.StorageGBMonth
	return c
}
