// Command bench measures Burnish against sharp on real photos, in one run.
//
// scripts/bench/run prepares what it needs and calls it; docs/performance.md says what the
// parts are and what they gave.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"burnish/imaging"
)

// bench is one run: what is measured, on what, and what came of it.
type bench struct {
	cache  string // for what may be made again: peers, references, outputs
	bin    string // the folder of burnish and imager
	photos []string
	reps   int
	ladder []int // steps of quality around our defaults, for bytes at equal quality
	few    int   // photos of the parts that run whole programs
	many   int   // photos of the endurance part
	each   bool  // show every photo of a tuning run

	keys     int // catalogue of the walk part
	outcomes int // of the ledger part

	decoderScript, sharpScript, engine, walker, ledgerer string

	defaults imaging.Request
	report   report
}

func main() {
	if len(os.Args) == 4 && os.Args[1] == "shrink" {
		exit(shrink(os.Args[2], os.Args[3]))
	}
	b := &bench{}
	tune := flag.Bool("tune", false, "compare encoder settings instead of measuring the targets; see -grid")
	grid := flag.String("grid", "", "with -tune: a format and its settings, as \"avif effort=1,2 tune=iq,ssim q=40,50,60\"")
	parts := flag.String("parts", "equal,defaults,slots,overhead,endurance,fleet,latency,walk,ledger", "which parts to run")
	count := flag.Int("photos", 0, "use only so many of the photos, spread over the set; 0 is all")
	match := flag.String("match", "", "use only photos whose name has this in it")
	sets := flag.String("sets", "large", "folders of photos below -from")
	from := flag.String("from", ".cache/photos", "where scripts/photos laid the photos")
	asJSON := flag.String("json", "", "also write the figures to this file")
	ladder := flag.String("ladder", "-8,8", "steps of quality around our defaults for equal-quality bytes")
	only := flag.String("widths", "", "with -tune: other widths than the catalogue's")
	recipe := flag.String("recipe", "", "a recipe file instead of the built-in catalogue")
	flag.BoolVar(&b.each, "each", false, "with -tune: also show every photo by itself")
	flag.IntVar(&b.reps, "reps", 3, "repetitions of what is timed")
	flag.IntVar(&b.few, "few", 8, "photos of the slots, overhead, fleet and latency parts; 0 is all")
	flag.IntVar(&b.many, "many", 5_000, "photos of the endurance part")
	flag.IntVar(&b.keys, "keys", 5_000_000, "keys of the walk part")
	flag.IntVar(&b.outcomes, "outcomes", 20_000_000, "outcomes of the ledger part")
	flag.StringVar(&b.cache, "cache", ".cache/bench", "working folder")
	flag.StringVar(&b.bin, "bin", "bin", "folder of burnish and imager")
	flag.Parse()

	b.sharpScript = filepath.Join(b.cache, "sharp.mjs")
	b.decoderScript = filepath.Join(b.cache, "decode.mjs")
	b.walker = filepath.Join(b.cache, "walk")
	b.ledgerer = filepath.Join(b.cache, "ledger")
	b.engine = filepath.Join(b.cache, "engine")
	exit(func() (err error) {
		if b.photos, err = choose(*from, strings.Split(*sets, ","), *match, *count); err != nil {
			return err
		}
		if *tune {
			if *only != "" {
				if widths, err = numbers(*only); err != nil {
					return err
				}
			}
			return b.tune(*grid)
		}
		if b.defaults, err = defaults(*recipe); err != nil {
			return err
		}
		if b.ladder, err = numbers(*ladder); err != nil {
			return err
		}
		if err := b.run(strings.Split(*parts, ",")); err != nil {
			return err
		}
		b.report.print(os.Stdout)
		return b.report.save(*asJSON)
	}())
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// run measures the parts that were asked for, in the order of the report.
func (b *bench) run(parts []string) error {
	all := []struct {
		name string
		do   func() error
	}{
		{"equal", b.equal},
		{"defaults", b.againstDefaults},
		{"slots", b.slots},
		{"overhead", b.overhead},
		{"endurance", b.endurance},
		{"fleet", b.fleet},
		{"latency", b.latency},
		{"walk", b.walk},
		{"ledger", b.ledger},
	}
	for _, p := range all {
		if !slices.Contains(parts, p.name) {
			continue
		}
		began := time.Now()
		progress("%s: %d photos", p.name, len(b.photos))
		if err := p.do(); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		progress("%s: took %s", p.name, time.Since(began).Round(time.Second))
	}
	return nil
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }

// choose lists the photos, or count of them spread evenly over the sorted list.
func choose(from string, sets []string, match string, count int) ([]string, error) {
	var all []string
	for _, set := range sets {
		files, err := filepath.Glob(filepath.Join(from, set, "*"))
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if strings.Contains(filepath.Base(f), match) {
				all = append(all, f)
			}
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no photos in %s: run scripts/photos", from)
	}
	return spreadOver(all, count), nil
}

// spreadOver takes count of the photos, evenly over the list; 0 takes all.
func spreadOver(all []string, count int) []string {
	if count <= 0 || count >= len(all) {
		return all
	}
	some := make([]string, count)
	for i := range some {
		some[i] = all[i*len(all)/count]
	}
	return some
}

func numbers(list string) ([]int, error) {
	var out []int
	for f := range strings.SplitSeq(list, ",") {
		if strings.TrimSpace(f) == "" {
			continue
		}
		var n int
		if err := json.Unmarshal([]byte(strings.TrimSpace(f)), &n); err != nil {
			return nil, fmt.Errorf("%q is not a list of whole numbers", list)
		}
		out = append(out, n)
	}
	return out, nil
}
