// Command guard calibrates imaging/gemini/guard on simulated edits of real photos.
//
// Of each photo it takes a part as the product, gives it new surroundings as an image model would,
// faithfully and with damage of every kind, and counts what the guard says. Half of the photos are kept
// apart: thresholds are looked for on the others only (-tune), and the targets are about the half kept
// apart. The same seed draws the same edits.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"burnish/imaging/gemini/guard"
)

func main() {
	seed := flag.Uint64("seed", 1, "draws the edits")
	tune := flag.Bool("tune", false, "show the scores of the half that thresholds are looked for on")
	keep := flag.String("keep", "", "a folder to write every original and edit to, as PNG")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: guard [flags] FOLDER…")
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := run(*seed, *tune, *keep, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "evaluate-guard:", err)
		os.Exit(1)
	}
}

// result is what the guard said of a pair.
type result struct {
	pair
	report guard.Report
	took   time.Duration
}

func run(seed uint64, tune bool, keep string, folders []string) error {
	photos, err := find(folders)
	if err != nil {
		return err
	}
	if len(photos) < 40 {
		return fmt.Errorf("%d photos are too few, 40 are needed: run scripts/photos", len(photos))
	}
	results := make([][]result, len(photos))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, file := range photos {
		group.Go(func() error {
			var err error
			results[i], err = try(file, photos[sceneOf(i, len(photos))], i, seed, keep)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	var all []result
	for _, r := range results {
		all = append(all, r...)
	}
	if tune {
		showScores(os.Stdout, all)
	}
	show(os.Stdout, all, len(photos))
	return nil
}

// sceneOf is the photo that another's surroundings are taken from, of the same half.
func sceneOf(i, n int) int {
	if i+8 < n {
		return i + 8
	}
	return i % 2
}

// try draws the pairs of a photo and compares each.
func try(file, scene string, i int, seed uint64, keep string) ([]result, error) {
	p, err := open(file)
	if err != nil {
		return nil, err
	}
	s, err := open(scene)
	if err != nil {
		return nil, err
	}
	var out []result
	for _, pair := range pairsOf(p, s.blurred(2), file, i, seed) {
		if keep != "" {
			if err := pair.save(keep); err != nil {
				return nil, err
			}
		}
		began := time.Now()
		report, err := guard.Compare(pair.original.bytes(), pair.edited, pair.mask, guard.Defaults())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", pair.name(), err)
		}
		r := result{pair, report, time.Since(began)}
		r.original, r.edited.Pix, r.mask.Cover = image{}, nil, nil
		out = append(out, r)
	}
	return out, nil
}
