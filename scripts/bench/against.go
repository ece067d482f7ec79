package main

import (
	"fmt"
	"math"
	"slices"

	"burnish/imaging"
)

// The targets that the report is held against.
const (
	targetEqual    = 0.78 // CPU of sharp's at equal settings
	targetDefaults = 0.20 // CPU of sharp's at both sides' defaults
	targetBytes    = 1.04 // bytes of sharp's there, at equal or better quality
	targetEnhance  = 0.06 // analysis and adjustments, of the whole CPU at the defaults
	targetSlots    = 1.85 // throughput of two slots, in that of one
	targetOverhead = 1.05 // CPU of run, in that of the bare engine
)

// equal is part a: the same twelve variants at the same settings.
func (b *bench) equal() error {
	s := equalSharp()
	r, err := b.compete("equal", []contender{
		b.sharp("sharp-clone", "clone", s, false),
		b.sharp("sharp-files", "files", s, true),
		b.sharp("sharp-once", "once", s, true),
		b.ours("burnish", equalOurs()),
	})
	if err != nil {
		return err
	}
	t := b.report.table("equal", "Equal settings: same Q, effort, chroma and mozjpeg switches; one thread",
		"CPU s/photo, median (min to max)")
	for _, label := range []string{"sharp-clone", "sharp-files", "sharp-once", "burnish"} {
		t.spread("CPU "+label, "s/photo", spreadOf(r[label].cpu))
	}
	t.target("CPU burnish / sharp-clone", ratios(r["burnish"].cpu, r["sharp-clone"].cpu), atMost(targetEqual))
	t.spread("CPU burnish / sharp-files", "", ratios(r["burnish"].cpu, r["sharp-files"].cpu))
	t.spread("CPU burnish / sharp-once", "", ratios(r["burnish"].cpu, r["sharp-once"].cpu))
	b.report.Versions = map[string]map[string]string{
		"sharp": r["sharp-clone"].versions, "burnish": r["burnish"].versions,
	}
	return b.compareLooks(t, r["burnish"].variants, r["sharp-clone"].variants, nil)
}

// againstDefaults is part b: both sides as they come.
func (b *bench) againstDefaults() error {
	r, err := b.compete("defaults", []contender{
		b.sharp("sharp", "clone", defaultSharp(), true),
		b.ours("burnish", b.defaults),
	})
	if err != nil {
		return err
	}
	t := b.report.table("defaults", "Defaults: jpeg(), webp(), avif() without options against the recipe catalogue",
		"ratios are Burnish / sharp; below 1 is less")
	t.spread("CPU sharp", "s/photo", spreadOf(r["sharp"].cpu))
	t.spread("CPU burnish", "s/photo", spreadOf(r["burnish"].cpu))
	var over []float64
	for _, c := range r["burnish"].cpu {
		over = append(over, c/r["sharp"].cpu[0])
	}
	t.target("CPU burnish / sharp", spreadOf(over), atMost(targetDefaults))
	t.target("enhancing, of CPU burnish", spreadOf(r["burnish"].enhance), atMost(targetEnhance))
	steps, err := b.makeLadder()
	if err != nil {
		return err
	}
	return b.compareLooks(t, r["burnish"].variants, r["sharp"].variants, steps)
}

// makeLadder makes our variants again at qualities around the defaults.
func (b *bench) makeLadder() ([]map[string][]variant, error) {
	var steps []map[string][]variant
	reps := b.reps
	b.reps = 1
	defer func() { b.reps = reps }()
	for _, by := range b.ladder {
		label := fmt.Sprintf("burnish%+d", by)
		r, err := b.compete("ladder", []contender{b.ours(label, moved(b.defaults, by))})
		if err != nil {
			return nil, err
		}
		steps = append(steps, r[label].variants)
	}
	return steps, nil
}

// moved is a request with every quality raised by so much.
func moved(r imaging.Request, by int) imaging.Request {
	clamp := func(q int) int { return min(100, max(1, q+by)) }
	if v := r.Variants.JPEG; v != nil {
		c := *v
		c.Quality = clamp(c.Quality)
		r.Variants.JPEG = &c
	}
	if v := r.Variants.WebP; v != nil {
		c := *v
		c.Quality = clamp(c.Quality)
		r.Variants.WebP = &c
	}
	if v := r.Variants.AVIF; v != nil {
		c := *v
		c.Quality = clamp(c.Quality)
		r.Variants.AVIF = &c
	}
	return r
}

// compareLooks adds bytes and scores by format. With a ladder it adds the bytes that ours
// take at sharp's own score of each variant.
func (b *bench) compareLooks(t *table, ours, theirs map[string][]variant, ladder []map[string][]variant) error {
	progress("scoring")
	mine, err := b.score(ours)
	if err != nil {
		return err
	}
	sharps, err := b.score(theirs)
	if err != nil {
		return err
	}
	points := map[string][]scored{}
	for _, s := range mine {
		points[s.key()] = append(points[s.key()], s)
	}
	for _, step := range ladder {
		made, err := b.score(step)
		if err != nil {
			return err
		}
		for _, s := range made {
			points[s.key()] = append(points[s.key()], s)
		}
	}
	var all looks
	for _, f := range imaging.Written {
		l := compare(f, mine, sharps, points)
		l.add(t, string(f), len(ladder) > 0, false)
		all.merge(l)
	}
	all.add(t, "all formats", len(ladder) > 0, len(ladder) > 0)
	return nil
}

// key tells variants of one photo apart, whoever made them.
func (s scored) key() string { return s.photo + " " + string(s.Format) + " " + s.Name }

// looks compares the variants of one format.
type looks struct {
	ourBytes, theirBytes   float64
	ourScores, theirScores []float64
	equal                  []float64 // our bytes / theirs at their score
	outside                int       // of those, extrapolated
}

func compare(f imaging.Format, mine, sharps []scored, points map[string][]scored) looks {
	var l looks
	ours := map[string]scored{}
	for _, s := range mine {
		ours[s.key()] = s
	}
	for _, s := range sharps {
		m, ok := ours[s.key()]
		if s.Format != f || !ok {
			continue
		}
		l.ourBytes += float64(m.Bytes)
		l.theirBytes += float64(s.Bytes)
		l.ourScores = append(l.ourScores, m.score)
		l.theirScores = append(l.theirScores, s.score)
		if bytes, inside, ok := bytesAt(points[s.key()], s.score); ok {
			l.equal = append(l.equal, bytes/float64(s.Bytes))
			if !inside {
				l.outside++
			}
		}
	}
	return l
}

func (l *looks) merge(o looks) {
	l.ourBytes += o.ourBytes
	l.theirBytes += o.theirBytes
	l.ourScores = append(l.ourScores, o.ourScores...)
	l.theirScores = append(l.theirScores, o.theirScores...)
	l.equal = append(l.equal, o.equal...)
	l.outside += o.outside
}

func (l *looks) add(t *table, name string, sizes, held bool) {
	n := float64(len(l.ourScores))
	if n == 0 {
		return
	}
	t.text(name+": KB a variant, burnish and sharp",
		fmt.Sprintf("%.1f and %.1f", l.ourBytes/n/1000, l.theirBytes/n/1000))
	t.text(name+": SSIMULACRA2, burnish and sharp",
		fmt.Sprintf("%.2f and %.2f", mean(l.ourScores), mean(l.theirScores)))
	ratio := spreadOf([]float64{l.ourBytes / l.theirBytes})
	if held {
		t.target(name+": bytes, burnish / sharp", ratio, atMost(targetBytes))
		t.target(name+": score less sharp's", spreadOf([]float64{mean(l.ourScores) - mean(l.theirScores)}), atLeast(0))
	} else {
		t.spread(name+": bytes, burnish / sharp", "", ratio)
	}
	if sizes {
		g := geomean(l.equal)
		label := fmt.Sprintf("%s: the same at sharp's score (%d of %d extrapolated)", name, l.outside, len(l.equal))
		if held {
			t.target(label, spread{g, g, g}, atMost(targetBytes))
		} else {
			t.spread(label, "", spread{g, g, g})
		}
	}
}

// bytesAt interpolates the logarithm of bytes over the score, and continues the nearest
// segment outside of the points. inside says that the score lies between two of them.
func bytesAt(points []scored, score float64) (bytes float64, inside, ok bool) {
	var p []scored
	for _, s := range slices.SortedFunc(slices.Values(points), func(a, b scored) int { return a.Bytes - b.Bytes }) {
		if len(p) == 0 || s.score > p[len(p)-1].score { // more bytes that look worse help nobody
			p = append(p, s)
		}
	}
	if len(p) < 2 {
		return 0, false, false
	}
	i := 1
	for i < len(p)-1 && p[i].score < score {
		i++
	}
	lo, hi := p[i-1], p[i]
	at := (score - lo.score) / (hi.score - lo.score)
	log := math.Log(float64(lo.Bytes)) + at*(math.Log(float64(hi.Bytes))-math.Log(float64(lo.Bytes)))
	return math.Exp(log), at >= 0 && at <= 1, true
}
