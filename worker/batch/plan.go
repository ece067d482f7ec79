package batch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"burnish/worker/ledger"
)

// Plan is what a backfill would do and what that would cost, reckoned from a sample that was
// really processed. It can be kept with the batch that follows it.
type Plan struct {
	Version int       `json:"version"` // of this form
	Made    time.Time `json:"made"`

	// What was planned, as a batch's record says it.
	Source      string   `json:"source"`
	Dest        string   `json:"destination"`
	Recipe      string   `json:"recipe"`
	Fingerprint string   `json:"fingerprint"`
	Filter      Filter   `json:"filter,omitzero"`
	Keys        []string `json:"keys,omitempty"`
	Limit       int64    `json:"limit,omitempty"`
	Force       bool     `json:"force,omitempty"`

	Found    Found    `json:"found"`
	Sample   int64    `json:"sample"` // photos that were processed
	Estimate Estimate `json:"estimate"`
	Prices   Prices   `json:"pricesUSD"`
}

// planVersion is that of a plan's form. Readers refuse any other.
const planVersion = 1

// maxPlan bounds a plan in bytes. Its longest parts are paths.
const maxPlan = 1 << 20

// ErrPlan says that something is not a plan, or not one for what is asked.
var ErrPlan = errors.New("not a plan for this")

// NewPlan plans what the batch would ask for. sample are the outcomes of the photos that the
// survey has drawn.
func NewPlan(asked Batch, found Found, sample []ledger.Outcome, cores int, prices Prices) *Plan {
	return &Plan{
		Version: planVersion, Made: time.Now().UTC().Truncate(time.Millisecond),
		Source: asked.Source, Dest: asked.Dest, Recipe: asked.Recipe, Fingerprint: asked.Fingerprint,
		Filter: asked.Filter, Keys: asked.Keys, Limit: asked.Limit, Force: asked.Force,
		Found: found, Sample: int64(len(sample)), Estimate: estimate(found, sample, cores, prices), Prices: prices,
	}
}

// ParsePlan reads what JSON writes.
func ParsePlan(data []byte) (*Plan, error) {
	if len(data) > maxPlan {
		return nil, fmt.Errorf("%w: it has %d bytes", ErrPlan, len(data))
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	p := new(Plan)
	if err := d.Decode(p); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPlan, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("%w: something follows it", ErrPlan)
	}
	if p.Version != planVersion {
		return nil, fmt.Errorf("%w: its version is %d, this one reads %d", ErrPlan, p.Version, planVersion)
	}
	return p, nil
}

// JSON is the plan as a file.
func (p *Plan) JSON() ([]byte, error) {
	data, err := json.MarshalIndent(p, "", "  ")
	return append(data, '\n'), err
}

// Fits reports why a plan is not one for a batch. A recipe or an engine that has changed since is
// a reason, and so is everything that selects other photos.
func (p *Plan) Fits(b Batch) error {
	planned := Batch{
		Kind: b.Kind, Source: p.Source, Dest: p.Dest, Recipe: p.Recipe, RecipeID: b.RecipeID, Fingerprint: p.Fingerprint,
		Filter: p.Filter, Keys: p.Keys, Limit: p.Limit, Force: p.Force,
	}
	switch {
	case planned.asks(b):
		return nil
	case p.Source != b.Source || p.Dest != b.Dest:
		return fmt.Errorf("%w: it is for %s → %s", ErrPlan, p.Source, p.Dest)
	case p.Fingerprint != b.Fingerprint:
		return fmt.Errorf("%w: recipe or imager have changed since it was made at %s", ErrPlan, p.Made.Format(time.RFC3339))
	}
	return fmt.Errorf("%w: it selects other photos", ErrPlan)
}

// Comparison sets a figure of a plan against what came of it.
type Comparison struct {
	What    string  `json:"what"`
	Unit    string  `json:"unit,omitempty"`
	Planned float64 `json:"planned"`
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
	Actual  float64 `json:"actual"`
	// Error is how much too high the plan was, in per cent of what came of it; null where
	// nothing did.
	Error *float64 `json:"errorPercent"`
}

// Compare sets the plan against what a ledger has counted, at the plan's own prices.
func (p *Plan) Compare(s ledger.Summary) []Comparison {
	cost := p.Prices.Cost(s)
	var stored int64
	for _, w := range s.Written {
		stored += w.Bytes
	}
	e := p.Estimate
	return []Comparison{
		compare("photos", "", exactly(float64(p.Found.Photos)), float64(s.Outcomes())),
		compare("done", "", e.Done, float64(s.Done)),
		compare("CPU", "hours", e.CPUHours, cost.CPUHours),
		compare("writes", "", e.Writes, float64(cost.Writes)),
		compare("variants", "bytes", e.Bytes, float64(stored)),
		compare("cost", "$", e.Total, cost.Total),
	}
}

func compare(what, unit string, planned Interval, actual float64) Comparison {
	c := Comparison{What: what, Unit: unit, Planned: planned.Expected, Low: planned.Low, High: planned.High, Actual: actual}
	if actual > 0 {
		off := math.Round(1000*(planned.Expected-actual)/actual) / 10
		c.Error = &off
	}
	return c
}
