package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"burnish/cmd/internal/setup"
	"burnish/worker/ordered"
	"burnish/worker/prune"
)

type pruneCmd struct {
	Source    string        `arg:"" name:"src" help:"The source that DST was made from: a folder, gs://bucket or gs://bucket/prefix."`
	Dest      string        `arg:"" name:"dst" help:"The destination to be pruned."`
	Yes       bool          `help:"Delete what is listed."`
	MaxShare  string        `default:"10%" placeholder:"S" help:"Refuse to delete more than this share of the manifests, or of the variants. Default: ${default}."`
	OlderThan time.Duration `default:"24h" placeholder:"D" help:"Leave variants alone that a manifest may still come for. Default: ${default}."`
}

// Help tells what goes and what stays.
func (*pruneCmd) Help() string {
	return `Lists what no photo has any more: manifests and variants of photos that are gone from SRC, and
variants that the manifest of their photo does not name, because an earlier recipe or an earlier
photo made them. With --yes it then deletes that, each object only if it is still the one that was
listed and its photo has not come back.

Nothing goes because of what cannot be read. A source that is empty all at once, or another one
than DST was made from, would let everything go: more than --max-share of the manifests or of the
variants is refused.

No backfill or rerun can be under way into the same bucket meanwhile; uploads do no harm. A folder
has one writer at a time anyway.`
}

func (c *pruneCmd) Run() error {
	most, err := parsePercent(c.MaxShare)
	if err != nil {
		return exit{exitUsage, fmt.Errorf("--max-share %w", err)}
	}
	if c.OlderThan < time.Hour {
		return exit{exitUsage, fmt.Errorf("--older-than %v: expected 1h or more, which is longer than a job can take", c.OlderThan)}
	}
	ends, err := setup.ParseEnds(c.Source, c.Dest)
	if err != nil {
		return exit{exitUsage, err}
	}
	ctx, _ := setup.Signals()
	stores := new(setup.Stores)
	defer stores.Close()
	source, dest, err := c.openEnds(ctx, stores, ends)
	if err != nil {
		return err
	}
	defer source.Close()
	defer dest.Close()
	p := &prune.Pruner{Source: source, Dest: dest, MinAge: c.OlderThan}
	list, err := survey(ctx, p)
	if err != nil {
		return fmt.Errorf("nothing is deleted: %w", err)
	}
	if err := list.print(os.Stdout); err != nil || list.photos == 0 {
		return err
	}
	if err := list.check(most); err != nil {
		return exit{exitFailures, err}
	}
	if !c.Yes {
		fmt.Println("\nnothing is deleted yet: --yes does")
		return nil
	}
	if ends.Dest.Bucket != "" {
		lease, held, err := hold(ctx, dest)
		if err != nil {
			return err
		}
		defer lease.Close()
		ctx = held
	}
	return list.remove(ctx, p)
}

// openEnds opens both ends, if there is a destination: none is made.
func (c *pruneCmd) openEnds(ctx context.Context, stores *setup.Stores, ends setup.Ends) (source, dest setup.Opened, err error) {
	if ends.Dest.Bucket == "" {
		if _, err := setup.ExistingFolder(ends.Dest.Folder); err != nil {
			return nil, nil, fmt.Errorf("destination: %w", err)
		}
	}
	return stores.OpenEnds(ctx, ends)
}

// parsePercent reads 5% as 0.05.
func parsePercent(text string) (float64, error) {
	digits, ok := strings.CutSuffix(text, "%")
	n, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil || !(n >= 0 && n <= 100) {
		return 0, fmt.Errorf("%q: expected a share as 5%%", text)
	}
	return n / 100, nil
}

// pruneList is what a walk has found to go.
type pruneList struct {
	seen      prune.Seen
	photos    int64
	manifests int64
	variants  int64
	bytes     int64
	by        map[prune.Why]*pruneShare
}

// pruneShare is the part of it that goes for one reason.
type pruneShare struct {
	photos, objects, bytes int64
	examples               []string
}

func survey(ctx context.Context, p *prune.Pruner) (*pruneList, error) {
	l := &pruneList{by: make(map[prune.Why]*pruneShare)}
	for r, err := range p.Walk(ctx, &l.seen) {
		if err != nil {
			return nil, err
		}
		l.add(r)
	}
	return l, ctx.Err()
}

func (l *pruneList) add(r prune.Remains) {
	s := l.by[r.Why]
	if s == nil {
		s = new(pruneShare)
		l.by[r.Why] = s
	}
	objects := int64(len(r.Variants))
	l.variants += objects
	if r.Manifest.Name != "" {
		l.manifests++
		objects++
	}
	l.photos++
	l.bytes += r.Bytes()
	s.photos++
	s.objects += objects
	s.bytes += r.Bytes()
	if len(s.examples) < 5 {
		s.examples = append(s.examples, text(r.Key))
	}
}

func (l *pruneList) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "to go\t%d photos\t%d objects\t%s\n", l.photos, l.manifests+l.variants, size(l.bytes))
	for _, why := range prune.Whys {
		s := l.by[why]
		if s == nil {
			continue
		}
		fmt.Fprintf(w, "  %s\t%d photos\t%d objects\t%s\n", why, s.photos, s.objects, size(s.bytes))
		for _, key := range s.examples {
			fmt.Fprintf(w, "    %s\n", key)
		}
	}
	fmt.Fprintf(w, "of\t%d manifests\t%d variants\n", l.seen.Manifests, l.seen.Variants)
	return w.Flush()
}

// check refuses what looks like a mistake.
func (l *pruneList) check(most float64) error {
	for _, part := range []struct {
		what      string
		going, of int64
	}{{"manifests", l.manifests, l.seen.Manifests}, {"variants", l.variants, l.seen.Variants}} {
		if float64(part.going) > most*float64(part.of) {
			return fmt.Errorf("refused: %d of %d %s would go (%s): is the source the right one, and complete? If so, --max-share %s",
				part.going, part.of, part.what, share(part.going, part.of), percentAbove(part.going, part.of))
		}
	}
	return nil
}

// percentAbove is the lowest whole share that allows so much.
func percentAbove(part, whole int64) string {
	for n := int64(1); n < 100; n++ {
		if float64(part) <= float64(n)/100*float64(whole) {
			return fmt.Sprintf("%d%%", n)
		}
	}
	return "100%"
}

// removers is how many photos are pruned at once: against a bucket each is mostly waiting.
const removers = 16

// errMore says that the source has lost more since it was listed.
var errMore = errors.New("more is to go than was listed: the source loses photos meanwhile, or is gone; see to it and prune again")

// remove walks again and deletes. It stops when it finds more to go than the list had, and some
// for what has gone in between.
func (l *pruneList) remove(ctx context.Context, p *prune.Pruner) error {
	allowed := l.photos + l.photos/100 + 100
	var seen prune.Seen
	var done prune.Removed
	var n int64
	var stopped error
	walk := func(yield func(prune.Remains, error) bool) {
		for r, err := range p.Walk(ctx, &seen) {
			if n++; n > allowed {
				err = errMore
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
	for d, err := range ordered.Map(ctx, removers, walk, p.Remove) {
		done.Add(d)
		if err != nil {
			stopped = err
			break
		}
	}
	if stopped == nil {
		stopped = ctx.Err()
	}
	fmt.Printf("\ndeleted %d manifests and %d variants, %s\n", done.Manifests, done.Variants, size(done.Bytes))
	if done.Back > 0 {
		fmt.Printf("left %d photos that have come back or were published anew meanwhile\n", done.Back-done.Redo)
	}
	if done.Redo > 0 {
		fmt.Printf("%d photos came back while they were deleted: the next run makes them again\n", done.Redo)
	}
	if errors.Is(context.Cause(ctx), setup.ErrInterrupted) {
		return exit{exitInterrupted, setup.ErrInterrupted}
	}
	if stopped != nil {
		return exit{exitFailures, stopped}
	}
	return nil
}
