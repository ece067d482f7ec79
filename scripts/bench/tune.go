package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"burnish/imaging"
)

// tune compares settings of one encoder: it makes variants over a grid of settings and shows,
// for every combination apart from quality, the CPU that encoding took and the bytes at equal
// score, relative to the first combination.
//
// The grid is a format and its settings, "avif effort=1,2 tune=iq,ssim quality=40,50,60"; the
// names are those of a recipe, and what is not named is as in the recipe catalogue.
func (b *bench) tune(grid string) error {
	base, err := defaults("")
	if err != nil {
		return err
	}
	base.Variants.Widths = widths
	format, families, qualities, err := parseGrid(grid)
	if err != nil {
		return err
	}
	sharp, err := b.sharpDefaults(format)
	if err != nil {
		return err
	}
	results := make([]family, 0, len(families))
	for _, fields := range families {
		f := family{name: describe(fields), points: map[string][]scored{}, loss: map[string]float64{}}
		for _, q := range qualities {
			request, err := with(base, format, fields, q)
			if err != nil {
				return err
			}
			if err := b.measure(&f, request, q); err != nil {
				return err
			}
		}
		progress("%s %s: done", format, f.name)
		results = append(results, f)
	}
	printFamilies(format, qualities, results, sharp)
	if b.each {
		b.printPhotos(results)
	}
	return nil
}

// printPhotos shows, photo by photo, the bytes of every family in those of the first, at the
// middle of the scores that the first reaches.
func (b *bench) printPhotos(all []family) {
	fmt.Println("bytes at equal score by photo, with its chroma loss")
	for _, photo := range b.photos {
		fmt.Printf("  %-22s loss %5.2f ", filepath.Base(photo), all[0].loss[photo])
		for _, f := range all[1:] {
			var r []float64
			for key, base := range all[0].points {
				if !strings.HasPrefix(key, photo+" ") {
					continue
				}
				low, high := math.Inf(1), math.Inf(-1)
				for _, s := range base {
					low, high = min(low, s.score), max(high, s.score)
				}
				x, _, okX := bytesAt(f.points[key], (low+high)/2)
				y, _, okY := bytesAt(base, (low+high)/2)
				if okX && okY {
					r = append(r, x/y)
				}
			}
			fmt.Printf(" %s %.3f", f.name, geomean(r))
		}
		fmt.Println()
	}
}

// sharpDefaults are the variants that sharp makes of the photos with its defaults. They are
// kept from run to run, since they take longer than everything else.
func (b *bench) sharpDefaults(format imaging.Format) ([]scored, error) {
	file := filepath.Join(b.cache, fmt.Sprintf("sharp-%s-%v.json", format, widths))
	kept := map[string][]variant{}
	if data, err := os.ReadFile(file); err == nil {
		if err := json.Unmarshal(data, &kept); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	p, err := start("sharp", "node", b.sharpScript)
	if err != nil {
		return nil, err
	}
	defer p.close()
	chosen := map[string][]variant{}
	settings := sharpSettings{widths, map[imaging.Format]map[string]any{format: {}}}
	for _, photo := range b.photos {
		if kept[photo] == nil {
			out := filepath.Join(b.cache, "out", "sharp-defaults", stem(photo))
			m, err := p.ask(job{Photo: photo, Out: out, Mode: "clone", Settings: settings})
			if err != nil {
				return nil, err
			}
			kept[photo] = m.Variants
		}
		chosen[photo] = kept[photo]
	}
	data, err := json.Marshal(kept)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		return nil, err
	}
	return b.score(chosen)
}

// family is what came of one combination of settings, over the qualities.
type family struct {
	name   string
	rungs  []rung
	points map[string][]scored // by variant
	loss   map[string]float64  // ChromaLoss by photo
}

// rung is one quality of a family: encoding CPU in ms, bytes and score of a variant, means.
type rung struct {
	quality          int
	cpu, bytes, mean float64
	full             float64 // share of photos that got 4:4:4
}

func (b *bench) measure(f *family, request imaging.Request, quality int) error {
	p, err := start("burnish", b.engine)
	if err != nil {
		return err
	}
	defer p.close()
	byPhoto := map[string][]variant{}
	var cpu, full, n float64
	for _, photo := range b.photos {
		m, err := p.ask(job{Photo: photo, Out: filepath.Join(b.cache, "out", "tune", stem(photo)), Settings: request})
		if err != nil {
			return err
		}
		byPhoto[photo] = m.Variants
		if m.Analysis != nil {
			f.loss[photo] = m.Analysis.ChromaLoss
		}
		cpu += m.Timings.Encode.Seconds() * 1000
		for _, v := range m.Variants {
			n++
			if v.Chroma == imaging.Full {
				full++
			}
		}
	}
	all, err := b.score(byPhoto)
	if err != nil {
		return err
	}
	r := rung{quality: quality, cpu: cpu / float64(len(b.photos)), full: full / n}
	for _, s := range all {
		r.bytes += float64(s.Bytes) / n
		r.mean += s.score / n
		f.points[s.key()] = append(f.points[s.key()], s)
	}
	f.rungs = append(f.rungs, r)
	return nil
}

// parseGrid reads a grid; qualities are apart, because families are compared over them.
func parseGrid(grid string) (format imaging.Format, families []map[string]string, qualities []int, err error) {
	words := strings.Fields(grid)
	if len(words) == 0 || !slices.Contains(imaging.Written, imaging.Format(words[0])) {
		return "", nil, nil, fmt.Errorf("-grid %q: expected jpeg, webp or avif, then settings", grid)
	}
	families = []map[string]string{{}}
	for _, word := range words[1:] {
		name, list, ok := strings.Cut(word, "=")
		if !ok {
			return "", nil, nil, fmt.Errorf("-grid: %q is no setting=value,value", word)
		}
		if name == "quality" {
			if qualities, err = numbers(list); err != nil {
				return "", nil, nil, err
			}
			continue
		}
		var more []map[string]string
		for _, f := range families {
			for value := range strings.SplitSeq(list, ",") {
				g := maps.Clone(f)
				g[name] = value
				more = append(more, g)
			}
		}
		families = more
	}
	if len(qualities) == 0 {
		return "", nil, nil, fmt.Errorf("-grid %q names no quality", grid)
	}
	return imaging.Format(words[0]), families, qualities, nil
}

func describe(fields map[string]string) string {
	var s []string
	for _, k := range slices.Sorted(maps.Keys(fields)) {
		s = append(s, k+"="+fields[k])
	}
	return strings.Join(s, " ")
}

// with is a request for one format alone, with some of its settings changed.
func with(base imaging.Request, format imaging.Format, fields map[string]string, quality int) (imaging.Request, error) {
	options := map[imaging.Format]any{
		imaging.JPEG: base.Variants.JPEG, imaging.WebP: base.Variants.WebP, imaging.AVIF: base.Variants.AVIF,
	}[format]
	data, err := json.Marshal(options)
	if err != nil {
		return base, err
	}
	values := map[string]any{}
	if err := json.Unmarshal(data, &values); err != nil {
		return base, err
	}
	for name, text := range fields {
		if _, ok := values[name]; !ok {
			return base, fmt.Errorf("%s has no setting %q", format, name)
		}
		var v any
		if json.Unmarshal([]byte(text), &v) != nil {
			v = text // a word
		}
		values[name] = v
	}
	values["quality"] = quality
	if data, err = json.Marshal(map[imaging.Format]any{format: values}); err != nil {
		return base, err
	}
	base.Variants.JPEG, base.Variants.WebP, base.Variants.AVIF = nil, nil, nil
	return base, json.Unmarshal(data, &base.Variants)
}

// targets are the scores at which families are compared.
var targets = []float64{60, 70, 80}

func printFamilies(format imaging.Format, qualities []int, all []family, sharp []scored) {
	var bytes, score []float64
	for _, s := range sharp {
		bytes, score = append(bytes, float64(s.Bytes)), append(score, s.score)
	}
	fmt.Printf("%s: per photo encoding CPU, per variant mean bytes and SSIMULACRA2\n", format)
	fmt.Printf("  %-54s %8.1f KB  %6.2f\n", "sharp's defaults", mean(bytes)/1000, mean(score))
	for _, f := range all {
		for _, r := range f.rungs {
			fmt.Printf("  %-40s q%-3d %7.0f ms %8.1f KB  %6.2f  4:4:4 %3.0f %%\n", f.name, r.quality, r.cpu, r.bytes/1000, r.mean, 100*r.full)
		}
	}
	if len(qualities) < 2 {
		return
	}
	fmt.Printf("%s: bytes at equal score, relative to %q (geometric mean over variants)\n", format, all[0].name)
	for _, f := range all {
		fmt.Printf("  %-40s", f.name)
		for _, score := range targets {
			g, n := relative(f, all[0], score)
			fmt.Printf("  at %.0f: %.3f (%d)", score, g, n)
		}
		g, n, out := atSharps(f, sharp)
		fmt.Printf("  at sharp's scores, of sharp's bytes: %.3f (%d, %d extrapolated)\n", g, n, out)
	}
}

// atSharps is the bytes of a family at the scores of sharp's variants, in sharp's bytes.
func atSharps(f family, sharp []scored) (ratio float64, n, outside int) {
	var r []float64
	for _, s := range sharp {
		bytes, inside, ok := bytesAt(f.points[s.key()], s.score)
		if !ok {
			continue
		}
		r = append(r, bytes/float64(s.Bytes))
		if !inside {
			outside++
		}
	}
	if len(r) == 0 {
		return 0, 0, 0
	}
	return geomean(r), len(r), outside
}

// relative compares the bytes of two families at a score, over the variants where both reach
// it within their qualities.
func relative(f, base family, score float64) (float64, int) {
	var r []float64
	for key, points := range f.points {
		a, insideA, okA := bytesAt(points, score)
		b, insideB, okB := bytesAt(base.points[key], score)
		if okA && okB && insideA && insideB {
			r = append(r, a/b)
		}
	}
	if len(r) == 0 {
		return 0, 0
	}
	return geomean(r), len(r)
}
