package batch_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"burnish/worker/batch"
	"burnish/worker/store"
)

func day(t *testing.T, text string) time.Time {
	t.Helper()
	d, err := batch.ParseTime(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestFilter(t *testing.T) {
	noon := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	photo := store.Attrs{Name: "shop/2026/hat.jpg", Size: 1000, Updated: noon}
	cases := []struct {
		name string
		f    batch.Filter
		has  bool
	}{
		{"nothing", batch.Filter{}, true},
		{"prefix", batch.Filter{Prefix: "shop/"}, true},
		{"other prefix", batch.Filter{Prefix: "shops/"}, false},
		{"any folder", batch.Filter{Glob: "**/*.jpg"}, true},
		{"one folder", batch.Filter{Glob: "*/*.jpg"}, false},
		{"alternatives", batch.Filter{Glob: "shop/20[12]?/*.{png,jpg}"}, true},
		{"since the moment", batch.Filter{Since: noon}, true},
		{"since later", batch.Filter{Since: noon.Add(1)}, false},
		{"before the moment", batch.Filter{Before: noon}, false},
		{"before later", batch.Filter{Before: noon.Add(1)}, true},
		{"on the day", batch.Filter{Since: day(t, "2026-11-27"), Before: day(t, "2026-11-28")}, true},
		{"just large enough", batch.Filter{MinBytes: 1000}, true},
		{"too small", batch.Filter{MinBytes: 1001}, false},
		{"just small enough", batch.Filter{MaxBytes: 1000}, true},
		{"too large", batch.Filter{MaxBytes: 999}, false},
		{"all but one", batch.Filter{Prefix: "shop/", Glob: "**", MinBytes: 2000}, false},
		{"the whole as a sample", batch.Filter{Sample: 100}, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if err := c.f.Check(); err != nil {
				t.Error(err)
			}
			if c.f.Has(photo) != c.has {
				t.Errorf("has it: %v, want %v", !c.has, c.has)
			}
		})
	}
}

func TestFilterCheck(t *testing.T) {
	for says, f := range map[string]batch.Filter{
		"without its end": {Glob: "a/[b"},
		"matches":         {Prefix: "hats/", Glob: "shoes/*"},
		"was updated":     {Since: day(t, "2026-11-28"), Before: day(t, "2026-11-27")},
		"at least":        {MinBytes: 2, MaxBytes: 1},
		"share":           {Sample: 101},
		"a share":         {Sample: batch.Sample(math.NaN())},
	} {
		if err := f.Check(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v, want %q", f, err, says)
		}
	}
	for _, f := range []batch.Filter{{Prefix: "hats/2", Glob: "hats/*"}, {Prefix: "hats/", Glob: "hats/2026/*"}} {
		if err := f.Check(); err != nil {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

// TestFilterNarrowsTheListing makes sure that what is left out is not listed either.
func TestFilterNarrowsTheListing(t *testing.T) {
	src := photos("a/closed", "b/1.jpg", "b/2.jpg", "b/3.png", "c/closed")
	src.failAt = "closed" // where the listing must not come to
	dst := newMemory()
	published(dst, "b/2.jpg", origin(1, current))
	published(dst, "b/9.jpg", origin(1, current))
	published(dst, "b/9.png", origin(1, current))
	var got []string
	f := batch.Filter{Glob: "b/*.jpg"}
	for _, d := range decisions(t, batch.Reconcile(t.Context(), src, dst, current, batch.Options{Filter: f})) {
		got = append(got, fmt.Sprint(d.Key, " ", d.State))
	}
	if want := "[b/1.jpg missing b/2.jpg fresh b/9.jpg orphan]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}

func TestSample(t *testing.T) {
	const n = 200_000
	shares := []string{"0.1%", "1%", "12.5%", "50%"}
	sizes := make([]int, len(shares))
	for i := range n {
		photo := store.Attrs{Name: fmt.Sprintf("shop/%06d.jpg", i)}
		smaller := false
		for k, text := range shares {
			share, err := batch.ParseSample(text)
			if err != nil {
				t.Fatal(err)
			}
			has := batch.Filter{Sample: share}.Has(photo)
			if smaller && !has {
				t.Fatalf("%s is in a smaller sample than %s only", photo.Name, text)
			}
			if smaller = has; has {
				sizes[k]++
			}
		}
	}
	for k, share := range []float64{0.001, 0.01, 0.125, 0.5} {
		// Five standard deviations of a binomial distribution: the keys are always the same, so it
		// holds always or never.
		if off := math.Abs(float64(sizes[k]) - n*share); off > 5*math.Sqrt(n*share*(1-share)) {
			t.Errorf("%s: %d photos of %d", shares[k], sizes[k], n)
		}
	}
	// Golden: a sample is the same in every version.
	first := ""
	for i := 0; first == ""; i++ {
		if key := fmt.Sprintf("%d.jpg", i); (batch.Filter{Sample: 0.1}).Has(store.Attrs{Name: key}) {
			first = key
		}
	}
	if first != "548.jpg" {
		t.Errorf("the first photo of the sample is %s", first)
	}
}

func TestParse(t *testing.T) {
	for text, ok := range map[string]bool{
		"0.1%": true, "100%": true, "1e-3%": true,
		"": false, "%": false, "0.1": false, "0%": false, "-1%": false, "101%": false, "NaN%": false, "Inf%": false, "1 %": false,
	} {
		if s, err := batch.ParseSample(text); (err == nil) != ok {
			t.Errorf("sample %q: %v, %v", text, s, err)
		}
	}
	for text, want := range map[string]string{
		"2026-11-27":                "2026-11-27T00:00:00Z",
		"2026-11-27T22:15:00+01:00": "2026-11-27T21:15:00Z",
		"27.11.2026":                "", "2026-02-30": "", "yesterday": "", "": "",
	} {
		got, err := batch.ParseTime(text)
		if want == "" && err == nil || want != "" && (err != nil || got.Format(time.RFC3339) != want) {
			t.Errorf("time %q: %v, %v", text, got, err)
		}
	}
	for text, want := range map[string]int64{
		"0": 0, "17": 17, "800KB": 800_000, "5 MB": 5_000_000, "1MiB": 1 << 20,
		"": -1, "-5": -1, "many": -1, "9EB": -1,
	} {
		got, err := batch.ParseBytes(text)
		if want < 0 && err == nil || want >= 0 && (err != nil || got != want) {
			t.Errorf("size %q: %v, %v", text, got, err)
		}
	}
}
