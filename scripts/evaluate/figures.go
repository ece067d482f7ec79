package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
)

// figure is one photo after one method.
type figure struct {
	Photo  string  `json:"photo"`
	Kind   string  `json:"kind"`
	Row    string  `json:"row"`
	Method string  `json:"method"`
	DeltaE float64 `json:"deltaE"` // mean ΔE2000 to the truth
	SSIM   float64 `json:"ssim"`

	truth, before, after picture // where strips are wanted
}

// figures gathers them.
type figures struct {
	rows    []row
	methods []method
	keep    bool // the pictures, for strips

	mu  sync.Mutex
	all []figure
}

func newFigures(rows []row, methods []method, keep bool) *figures {
	return &figures{rows: rows, methods: methods, keep: keep}
}

// try runs one method on one degraded photo.
func (f *figures) try(ctx context.Context, p photo, r row, m method, coded []byte, truth picture) error {
	out, err := m.do(ctx, coded)
	if err != nil {
		return err
	}
	after, err := decode(out)
	if err != nil {
		return err
	}
	if after.width != truth.width || after.height != truth.height {
		return fmt.Errorf("it comes out as %d × %d, not %d × %d", after.width, after.height, truth.width, truth.height)
	}
	got := figure{Photo: p.file, Kind: p.kind, Row: r.name, Method: m.name, DeltaE: meanDeltaE(truth, after), SSIM: ssim(truth, after)}
	if f.keep && m.name == "burnish" {
		got.truth, got.after = truth, after
		if got.before, err = decode(coded); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, got)
	return nil
}

// of returns the figures of a row and a method, those of the largest difference first.
func (f *figures) of(row, method string) (some []figure) {
	for _, v := range f.all {
		if v.Row == row && v.Method == method {
			some = append(some, v)
		}
	}
	slices.SortFunc(some, func(a, b figure) int { return cmp.Or(cmp.Compare(b.DeltaE, a.DeltaE), cmp.Compare(a.Photo, b.Photo)) })
	return some
}

// targets are what Burnish is to reach on the reporting half, as mean ΔE2000.
var targets = map[string]float64{"good": 0.8, "-1EV": 4.5, "-2EV": 4, "flat": 4.5}

// print writes a line for each row and a column for each method.
func (f *figures) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, part := range []struct {
		what  string
		value func(figure) float64
	}{
		{"mean ΔE2000 to the truth", func(v figure) float64 { return v.DeltaE }},
		{"SSIM to the truth", func(v figure) float64 { return v.SSIM }},
	} {
		fmt.Fprintf(w, "%s", part.what)
		for _, m := range f.methods {
			fmt.Fprintf(w, "\t%s", m.name)
		}
		fmt.Fprintln(w)
		for _, r := range f.rows {
			fmt.Fprint(w, r.name)
			for _, m := range f.methods {
				fmt.Fprintf(w, "\t%.2f", mean(f.of(r.name, m.name), part.value))
			}
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w)
	}
	for _, r := range f.rows {
		some := f.of(r.name, "burnish")
		if len(some) == 0 {
			continue
		}
		reached := ""
		if target, ok := targets[r.name]; ok {
			reached = fmt.Sprintf("\ttarget %.1f: reached", target)
			if mean(some, func(v figure) float64 { return v.DeltaE }) > target {
				reached = fmt.Sprintf("\ttarget %.1f: MISSED", target)
			}
		}
		fmt.Fprintf(w, "%s\t%s\tworst %.2f, %s%s\n", r.name, r.what, some[0].DeltaE, some[0].Photo, reached)
	}
	fmt.Fprintf(w, "\n%d photos of at most %d pixels\n", len(f.all)/max(1, len(f.rows)*len(f.methods)), longest)
	return w.Flush()
}

func mean(some []figure, value func(figure) float64) float64 {
	sum := 0.0
	for _, v := range some {
		sum += value(v)
	}
	return sum / float64(max(1, len(some)))
}

// write writes every figure to a file, if there is to be one.
func (f *figures) write(file string) error {
	if file == "" {
		return nil
	}
	data, err := json.MarshalIndent(f.all, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o666)
}

// strips writes, of each row, the photos that come out worst: before, after, truth.
func (f *figures) strips(dir string, worst int) error {
	if worst == 0 {
		return nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, r := range f.rows {
		some := f.of(r.name, "burnish")
		for i, v := range some[:min(worst, len(some))] {
			name := fmt.Sprintf("%s-%d-%s.png", r.name, i+1, strings.ReplaceAll(v.Photo, "/", "-"))
			if err := strip(filepath.Join(dir, name), v.before, v.after, v.truth); err != nil {
				return err
			}
		}
	}
	return nil
}

func strip(file string, pictures ...picture) error {
	const gap = 8
	width := -gap
	for _, p := range pictures {
		width += p.width + gap
	}
	out := image.NewRGBA(image.Rect(0, 0, width, pictures[0].height))
	x := 0
	for _, p := range pictures {
		draw.Draw(out, image.Rect(x, 0, x+p.width, p.height), p.image(), image.Point{}, draw.Src)
		x += p.width + gap
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	return png.Encode(f, out)
}
