package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"

	"burnish/cmd/internal/setup"
	"burnish/cmd/internal/sheet"
	"burnish/imaging"
	"burnish/imaging/imager"
)

type previewCmd struct {
	workFlags `embed:"" set:"recipe=catalogue"`
	Photos    []string `arg:"" name:"photo" help:"Photos to try the recipe on."`
	Output    string   `short:"o" default:"burnish-preview.html" placeholder:"FILE" help:"Where the sheet is written: .html with a slider, or .png side by side. Default: ${default}."`
}

// mostPreviewed is how many photos a sheet may have: browsers hold all of them in memory.
const mostPreviewed = 200

// Help tells what a preview shows.
func (*previewCmd) Help() string {
	return `Tries a recipe on some photos and shows each before and after, with what was done to it in words
and what its variants take. "Before" is the photo itself at the variant's size, upright and in
sRGB, so that all that differs is what the recipe does. Nothing else is written.

The HTML file is whole: it can be mailed, and opens in any browser.

Exit status: 0 all shown, 1 some photos failed (the sheet says why), 2 usage, 3 could not start.`
}

// preview is one sheet in the making.
type preview struct {
	*previewCmd
	shown
}

func (c *previewCmd) Run(log *slog.Logger) error {
	if err := c.check(); err != nil {
		return err
	}
	form := strings.ToLower(filepath.Ext(c.Output))
	if form != ".html" && form != ".png" {
		return exit{exitUsage, fmt.Errorf("-o %s: expected a name that ends with .html or .png", c.Output)}
	}
	if len(c.Photos) > mostPreviewed {
		return exit{exitUsage, fmt.Errorf("%d photos: a sheet shows at most %d; burnish plan draws a sample of any number", len(c.Photos), mostPreviewed)}
	}
	r, err := recipe(c.Recipe)
	if err != nil {
		return err
	}
	soft, _ := setup.Signals()
	pool, err := setup.StartImagers(soft, imager.Options{Slots: c.Jobs, Memory: c.memory, Deadline: c.Deadline, Log: log})
	if err != nil {
		return exit{exitNotStarted, err}
	}
	defer pool.Close()
	p := preview{c, shown{pool, r}}
	page, failed, err := p.sheet(soft, form == ".png")
	if errors.Is(context.Cause(soft), setup.ErrInterrupted) {
		return exit{exitInterrupted, setup.ErrInterrupted}
	}
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if form == ".png" {
		err = page.WritePNG(&out)
	} else {
		err = page.Write(&out)
	}
	if err == nil {
		err = os.WriteFile(c.Output, out.Bytes(), 0o666)
	}
	if err != nil {
		return exit{exitFailures, fmt.Errorf("-o: %w", err)}
	}
	fmt.Println(c.Output)
	if failed > 0 {
		return exit{exitFailures, fmt.Errorf("photos failed: %d; the sheet says why", failed)}
	}
	return nil
}

// sheet makes the page, for a picture with photos that package image reads.
func (p preview) sheet(ctx context.Context, picture bool) (page sheet.Sheet, failed int, err error) {
	page = sheet.Sheet{
		Title:  "Recipe " + p.recipe.Name,
		Intro:  []string{howToLook},
		Photos: make([]sheet.Photo, len(p.Photos)),
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(p.Jobs)
	for i, file := range p.Photos {
		g.Go(func() error {
			entry, err := p.try(ctx, file, picture)
			if err != nil {
				entry = sheet.Photo{Name: line(filepath.Base(file)), Trouble: line(err.Error())}
			}
			page.Photos[i] = entry
			if errors.Is(err, imaging.ErrEngine) {
				return err // so it would be with the next
			}
			return ctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return page, 0, exit{exitNotStarted, err}
	}
	for _, entry := range page.Photos {
		if entry.Trouble != "" {
			failed++
		}
	}
	return page, failed, nil
}

// try makes the entry of a file.
func (p preview) try(ctx context.Context, file string, picture bool) (sheet.Photo, error) {
	source, err := readPhoto(file, int64(p.recipe.Limits.Bytes))
	if err != nil {
		return sheet.Photo{}, err
	}
	made, err := p.imager.Process(ctx, imaging.Request{
		Limits: p.recipe.Limits, Enhance: p.recipe.Enhance, Variants: p.recipe.Variants, Source: source,
	})
	if err != nil {
		return sheet.Photo{}, err
	}
	entry, err := p.photo(ctx, line(filepath.Base(file)), source, made)
	if err == nil && picture {
		entry.After.Type = imaging.JPEG.ContentType()
		entry.After.Data, err = p.photograph(ctx, source, entry.Width, p.recipe.Enhance)
	}
	return entry, err
}
