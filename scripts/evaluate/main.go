// Evaluate measures what enhancement does to photos with a known truth: `make evaluate` calls it.
//
// Real photos are made worse in known ways and repaired by Burnish and by what people reach for;
// the result is compared with the photo as it was. Good photos are among them as they are: they
// should come through unchanged.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"burnish/imaging"
	"burnish/imaging/imager"
)

// evaluation is what the flags say, and what is open.
type evaluation struct {
	half, rows, only string
	worst            int
	strips           string // folder
	json             string // file
	photoDir, peers  string // folders

	pool   *imager.Pool
	recipe imaging.Recipe
}

func main() {
	var e evaluation
	flag.StringVar(&e.half, "half", "reporting", "photos to take: development, reporting or all; tune on development alone")
	flag.StringVar(&e.rows, "rows", "", "degradations to take, separated by commas; all if empty")
	flag.StringVar(&e.only, "only", "", "methods to take, likewise")
	flag.IntVar(&e.worst, "worst", 0, "of each row, write so many of the photos that come out worst, beside the truth, as PNG")
	flag.StringVar(&e.strips, "strips", ".cache/evaluate", "folder for them")
	flag.StringVar(&e.json, "json", "", "file for the figures")
	flag.StringVar(&e.photoDir, "photos", ".cache/photos", "folder of the photos")
	flag.StringVar(&e.peers, "peers", ".cache/bench", "folder of sharp")
	bin := flag.String("bin", "bin", "folder of the imager")
	flag.Parse()
	if err := e.run(context.Background(), *bin); err != nil {
		fmt.Fprintln(os.Stderr, "evaluate:", err)
		os.Exit(1)
	}
}

func (e *evaluation) run(ctx context.Context, bin string) error {
	var err error
	path, err := filepath.Abs(filepath.Join(bin, "imager"))
	if err != nil {
		return err
	}
	if e.pool, err = imager.Start(ctx, imager.Options{Path: path}); err != nil {
		return err
	}
	defer e.pool.Close()
	e.recipe, _ = imaging.Builtin("catalogue")
	taken, err := e.taken()
	if err != nil {
		return err
	}
	figures, err := e.measure(ctx, taken)
	if err != nil {
		return err
	}
	if err := figures.strips(e.strips, e.worst); err != nil {
		return err
	}
	return errors.Join(figures.print(os.Stdout), figures.write(e.json))
}

// taken are the photos of the half that is asked for.
func (e *evaluation) taken() (taken []photo, err error) {
	if !slices.Contains([]string{"development", "reporting", "all"}, e.half) {
		return nil, fmt.Errorf("-half %s: expected development, reporting or all", e.half)
	}
	all, err := photos()
	for _, p := range all {
		if e.half == "all" || p.half == e.half {
			taken = append(taken, p)
		}
	}
	return taken, err
}

// chosen keeps those whose name is in a list that is separated by commas; all for an empty one.
func chosen[T any](all []T, names string, name func(T) string) (some []T, err error) {
	if names == "" {
		return all, nil
	}
	for want := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(all, func(v T) bool { return name(v) == want })
		if i < 0 {
			return nil, fmt.Errorf("there is no %q", want)
		}
		some = append(some, all[i])
	}
	return some, nil
}

// measure does every photo, row and method that is asked for.
func (e *evaluation) measure(ctx context.Context, taken []photo) (*figures, error) {
	some, err := chosen(rows, e.rows, func(r row) string { return r.name })
	if err != nil {
		return nil, fmt.Errorf("-rows: %w", err)
	}
	methods, err := chosen(e.methods(), e.only, func(m method) string { return m.name })
	if err != nil {
		return nil, fmt.Errorf("-only: %w", err)
	}
	f := newFigures(some, methods, e.worst > 0)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, p := range taken {
		g.Go(func() error {
			truth, err := p.load(e.photoDir)
			if err != nil {
				return fmt.Errorf("%s: %w", p.file, err)
			}
			for _, r := range some {
				coded := r.do(truth, p.file)
				for _, m := range methods {
					if err := f.try(ctx, p, r, m, coded, truth); err != nil {
						return fmt.Errorf("%s, %s, %s: %w", p.file, r.name, m.name, err)
					}
				}
			}
			return nil
		})
	}
	return f, g.Wait()
}
