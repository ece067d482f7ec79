package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/dustin/go-humanize"

	"burnish/cmd/internal/setup"
	"burnish/imaging"
	"burnish/queue"
	"burnish/worker"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

type inspectCmd struct {
	Dest string `arg:"" name:"dst" help:"The destination of a run or a fleet: a folder, gs://bucket or gs://bucket/prefix."`
	Key  string `arg:"" help:"The photo: its path below the source, as status and failures print it."`
	JSON bool   `help:"Print the manifest itself."`
}

func (c *inspectCmd) Run() error {
	ctx := context.Background()
	var key queue.Key
	if err := key.UnmarshalText([]byte(strings.TrimPrefix(c.Key, "./"))); err != nil {
		return exit{exitUsage, fmt.Errorf("key %q: %w", c.Key, err)}
	}
	st, err := setup.OpenDestination(ctx, c.Dest)
	if err != nil {
		return err
	}
	defer st.Close()
	m, _, err := worker.ReadManifest(ctx, st, key)
	if errors.Is(err, store.ErrNotExist) {
		return unpublished(ctx, st, key)
	}
	if err != nil {
		return exit{exitFailures, fmt.Errorf("manifest of %s: %w", c.Key, err)}
	}
	if c.JSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(m)
	}
	explain(os.Stdout, m)
	return nil
}

// noSteps says that nothing was done.
const noSteps = "none: the photo keeps its tones and colours"

// inWords says what a step did, or would have done.
func inWords(step imaging.Step) string {
	if step.Veto != "" {
		return fmt.Sprintf("%s vetoed (%s): %s", line(step.Name), line(step.Why), line(step.Veto))
	}
	return fmt.Sprintf("%s %.2f: %s", line(step.Name), step.Strength, line(step.Why))
}

// unpublished says why a photo has no manifest, where the ledger knows.
func unpublished(ctx context.Context, st store.Store, key queue.Key) error {
	for o, err := range ledger.Latest(ctx, st, ledger.Filter{Prefix: key, Unpublished: true}) {
		if err != nil {
			return err
		}
		if o.Key == key {
			return exit{exitFailures, fmt.Errorf("%s is not published: %s on %s (%s): %s", text(key), o.Status,
				o.Ended.Local().Format("2006-01-02 15:04:05"), o.Reason, line(o.Message))}
		}
	}
	return exit{exitFailures, fmt.Errorf("nothing is known of %s in %s: the key is the photo's path below the source folder", text(key), st)}
}

// explain says in words what a manifest holds.
func explain(out io.Writer, m worker.Manifest) {
	s := m.Source
	fmt.Fprintf(out, "%s\n\n", text(m.Key))
	fmt.Fprintf(out, "source     %s, %d × %d, %s", line(strings.ToUpper(string(s.Format))), s.Width, s.Height, size(s.Bytes))
	if s.Profile != "" {
		fmt.Fprintf(out, ", profile %s", line(s.Profile))
	}
	if s.Orientation > 1 {
		fmt.Fprintf(out, ", turned upright from orientation %d", s.Orientation)
	}
	if s.Frames > 1 {
		fmt.Fprintf(out, ", the first of %d frames", s.Frames)
	}
	fmt.Fprintf(out, "\npublished  %s by recipe %s (%s)\n", m.Published.Local().Format("2006-01-02 15:04:05"), line(m.Recipe), line(m.Fingerprint))
	fmt.Fprintf(out, "engine     burnish %s, libvips %s\n", line(m.Engine.Version), line(m.Engine.Libvips))
	measured(out, m.Analysis)
	fmt.Fprintf(out, "edges      4:2:0 would cost saturated edges ΔE %.1f more than their surroundings hide\n", m.Analysis.ChromaLoss)
	if len(m.Steps) == 0 {
		fmt.Fprintf(out, "steps      %s\n", noSteps)
	}
	for _, step := range m.Steps {
		fmt.Fprintf(out, "step       %s\n", inWords(step))
	}
	fmt.Fprintln(out)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "variant\tsize\tbytes\tquality\tchroma\t\n")
	for _, v := range m.Variants {
		quality := strconv.Itoa(v.Quality)
		if v.Quality == 0 {
			quality = "as it came"
		}
		fmt.Fprintf(w, "%s\t%d × %d\t%s\t%s\t%s\t%s\n", text(v.Path), v.Width, v.Height, size(v.Bytes), quality,
			line(string(v.Chroma)), line(v.Note))
	}
	w.Flush()
}

// size is a number of bytes as people read it. What is below nothing is told as nothing.
func size(n int64) string { return humanize.IBytes(uint64(max(n, 0))) }

// text is a key as people read and type it: UTF-8, on one line.
func text(key queue.Key) string {
	b, err := key.MarshalText()
	if err != nil {
		return fmt.Sprintf("%q", string(key))
	}
	return line(string(b))
}

// line writes control characters as \xNN, so that what others wrote cannot speak to a terminal.
func line(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsControl(r) {
			for _, c := range []byte(string(r)) {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
