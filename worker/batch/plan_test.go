package batch

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ledger"
)

func TestSurveyCountsWhatWouldBeDone(t *testing.T) {
	decisions := []Decision{
		{Key: "new", State: Missing, Bytes: 10},
		{Key: "changed", State: Stale, Why: NewGeneration, Bytes: 20, Manifest: 1},
		{Key: "recipe", State: Stale, Why: NewRecipe, Bytes: 30, Manifest: 1},
		{Key: "kept", State: Fresh, Bytes: 40, Manifest: 1},
		{Key: "gone", State: Orphan, Manifest: 1},
		{Key: "listed", State: Absent},
	}
	for _, tt := range []struct {
		force bool
		want  Found
		drawn []queue.Key
	}{
		{false, Found{
			Missing: 1, Stale: 2, Why: map[Why]int64{NewGeneration: 1, NewRecipe: 1}, Fresh: 1, Absent: 1,
			Photos: 3, Bytes: 60, Listed: 8,
		}, []queue.Key{"changed", "new", "recipe"}},
		{true, Found{
			Missing: 1, Stale: 2, Why: map[Why]int64{NewGeneration: 1, NewRecipe: 1}, Fresh: 1, Absent: 1,
			Photos: 4, Bytes: 100, Listed: 8,
		}, []queue.Key{"changed", "kept", "new", "recipe"}},
	} {
		s := NewSurvey(10, tt.force)
		for _, d := range decisions {
			s.Add(d)
		}
		var drawn []queue.Key
		for _, d := range s.Sample() {
			drawn = append(drawn, d.Key)
		}
		if diff := cmp.Diff(tt.want, s.Found); diff != "" || !slices.Equal(drawn, tt.drawn) {
			t.Errorf("force %v: drawn %v, %s", tt.force, drawn, diff)
		}
	}
}

// The same photos are drawn whatever the order in which ranges deliver them, and from all over.
func TestSurveyDrawsAlike(t *testing.T) {
	var all []Decision
	for i := range 10_000 {
		all = append(all, Decision{Key: queue.Key(fmt.Sprintf("%05d", i)), State: Missing})
	}
	draw := func() []Decision {
		s := NewSurvey(100, false)
		for _, d := range all {
			s.Add(d)
		}
		return s.Sample()
	}
	first := draw()
	r := rand.New(rand.NewPCG(1, 2))
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	if diff := cmp.Diff(first, draw()); diff != "" || len(first) != 100 {
		t.Errorf("%d drawn, %s", len(first), diff)
	}
	lower := 0
	for _, d := range first {
		if d.Key < "05000" {
			lower++
		}
	}
	if lower < 35 || lower > 65 {
		t.Errorf("%d of 100 are from the lower half", lower)
	}
}

// Of the bounds of many samples, some 19 in 20 hold the truth.
func TestBoundsHoldTheTruth(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	all, truth := make([]float64, 500), 0.0
	for i := range all {
		all[i] = 100 + 20*r.NormFloat64()
		truth += all[i]
	}
	const trials = 2000
	held := 0
	for range trials {
		var drawn []float64
		for _, i := range r.Perm(len(all))[:30] {
			drawn = append(drawn, all[i])
		}
		if i := total(drawn, int64(len(all))); i.Low <= truth && truth <= i.High {
			held++
		}
	}
	if share := float64(held) / trials; share < 0.93 || share > 0.97 {
		t.Errorf("%.1f %% of the bounds hold the truth", 100*share)
	}
}

func TestTotalsAtTheEdges(t *testing.T) {
	for _, tt := range []struct {
		name   string
		sample []float64
		n      int64
		want   Interval
	}{
		{"no sample", nil, 10, Interval{}},
		{"nothing to do", []float64{1}, 0, Interval{}},
		{"everything was looked at", []float64{1, 3}, 2, Interval{4, 4, 4}},
		{"one tells nothing of the spread", []float64{2}, 10, Interval{20, 0, 40}},
		{"no spread", []float64{2, 2, 2}, 10, Interval{20, 20, 20}},
	} {
		if got := total(tt.sample, tt.n); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
	// 2 ± 12.706 · √(2/2 · (1 − 2/8)) a photo, none below nothing.
	got, margin := total([]float64{1, 3}, 8), 8*12.706*math.Sqrt(0.75)
	if got.Expected != 16 || got.Low != 0 || math.Abs(got.High-16-margin) > 1e-9 {
		t.Errorf("two of eight: %+v, want 16 + %v", got, margin)
	}
}

// planned is a plan of 100 photos from a sample of two that came out alike.
func planned(t *testing.T) (*Plan, Batch) {
	t.Helper()
	asked := Batch{Kind: Backfill, Source: "in", Dest: "out", Recipe: "catalogue", Fingerprint: "f"}
	o := ledger.Outcome{
		Status: ledger.Done, CPU: 36 * time.Second, SourceBytes: 1000,
		Written: map[imaging.Format]ledger.Written{imaging.JPEG: {Variants: 2, Bytes: 300}, imaging.AVIF: {Variants: 2, Bytes: 100}},
	}
	prices := Prices{VCPUHour: 0.1, ClassA1000: 1, ClassB1000: 0.5, StorageGBMonth: 1}
	return NewPlan(asked, Found{Photos: 100, Listed: 2500}, []ledger.Outcome{o, o}, 4, prices), asked
}

func TestEstimateAddsUp(t *testing.T) {
	p, _ := planned(t)
	e := p.Estimate
	for what, got := range map[string][2]float64{
		"done":     {e.Done.Expected, 100},
		"CPU":      {e.CPUHours.Expected, 1},
		"wall":     {e.WallHours.Expected, 0.25},
		"writes":   {e.Writes.Expected, 500},
		"reads":    {e.Reads.Expected, 200},
		"listings": {e.Listings, 3},
		"bytes":    {e.Bytes.Expected, 40_000},
		"jpeg":     {e.Formats[imaging.JPEG].Expected, 30_000},
		"total":    {e.Total.Expected, 0.1 + 0.5 + 0.1},
		"list":     {e.List, 0.003},
		"month":    {e.Month.Expected, 40_000 / 1e9},
	} {
		if math.Abs(got[0]-got[1]) > 1e-9 {
			t.Errorf("%s: %v, want %v", what, got[0], got[1])
		}
	}
}

func TestCompareTellsHowFarOff(t *testing.T) {
	p, _ := planned(t)
	actual := ledger.Summary{
		Done: 80, Failed: map[imaging.Reason]int64{imaging.Corrupt: 20}, CPU: 2 * time.Hour,
		Written: map[imaging.Format]ledger.Written{imaging.JPEG: {Variants: 320, Bytes: 32_000}},
	}
	want := map[string]float64{"photos": 0, "done": 25, "CPU": -50, "writes": 25, "variants": 25, "cost": 0}
	want["cost"] = math.Round(1000*(0.7-(0.2+0.4+0.1))/0.7) / 10
	for _, c := range p.Compare(actual) {
		if c.Error == nil || math.Abs(*c.Error-want[c.What]) > 1e-9 {
			t.Errorf("%+v, want %v %%", c, want[c.What])
		}
	}
	for _, c := range p.Compare(ledger.Summary{}) {
		if c.Error != nil {
			t.Errorf("%s is off by %v %% of nothing", c.What, *c.Error)
		}
	}
}

func TestPlanFitsWhatItWasMadeFor(t *testing.T) {
	made, asked := planned(t)
	data, err := made.JSON()
	if err != nil {
		t.Fatal(err)
	}
	p, err := ParsePlan(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(made, p); diff != "" {
		t.Error(diff)
	}
	byFleet := asked
	byFleet.RecipeID = "abc" // of the recipe as the fleet's destination keeps it
	if err := errors.Join(p.Fits(asked), p.Fits(byFleet)); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Batch){
		"source": func(b *Batch) { b.Source = "elsewhere" },
		"recipe": func(b *Batch) { b.Fingerprint = "g" },
		"limit":  func(b *Batch) { b.Limit = 5 },
	} {
		other := asked
		change(&other)
		if err := p.Fits(other); !errors.Is(err, ErrPlan) {
			t.Errorf("another %s: %v", name, err)
		}
	}
	for _, bad := range []string{"", "{}", "null", `{"version":2}`, `{"version":1,"more":1}`, string(data) + "{}"} {
		if _, err := ParsePlan([]byte(bad)); !errors.Is(err, ErrPlan) {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
}
