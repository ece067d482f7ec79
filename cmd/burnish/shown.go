package main

import (
	"context"
	"fmt"

	"burnish/cmd/internal/sheet"
	"burnish/imaging"
	"burnish/worker"
)

// shownWidth is how wide photos are on a sheet at most, in pixels, where there is a variant that
// is no wider.
const shownWidth = 960

// howToLook tells how a sheet is used.
const howToLook = "Drag across a photo, or focus it and use the arrow keys: left of the line is before, right of it after."

// shown makes the entries of a sheet.
type shown struct {
	imager worker.Imager
	recipe imaging.Recipe
}

// photo makes the entry of a photo from what an imager has made of it.
func (s shown) photo(ctx context.Context, name string, source []byte, made imaging.Result) (sheet.Photo, error) {
	after := widest(made.Variants)
	before, err := s.photograph(ctx, source, after.Width, imaging.Enhance{})
	if err != nil {
		return sheet.Photo{}, err
	}
	entry := sheet.Photo{
		Name:   name,
		Before: sheet.Picture{Type: imaging.JPEG.ContentType(), Data: before},
		After:  sheet.Picture{Type: after.Format.ContentType(), Data: after.Data},
		Width:  after.Width, Height: after.Height,
		Notes: []string{fmt.Sprintf("%s, %d × %d, %s", made.Source.Format, made.Source.Width, made.Source.Height, size(made.Source.Bytes))},
	}
	for _, step := range made.Steps {
		entry.Notes = append(entry.Notes, inWords(step))
	}
	if len(made.Steps) == 0 {
		entry.Notes = append(entry.Notes, "adjustments "+noSteps)
	}
	for _, v := range made.Variants {
		entry.Variants = append(entry.Variants, sheet.Variant{Format: string(v.Format), Width: v.Width, Height: v.Height, Bytes: int64(len(v.Data))})
	}
	return entry, nil
}

// photograph makes a JPEG of a photo, so wide, as good as can be told from the photo itself.
func (s shown) photograph(ctx context.Context, source []byte, width int, enhance imaging.Enhance) ([]byte, error) {
	r, err := s.imager.Process(ctx, imaging.Request{
		Limits: s.recipe.Limits, Enhance: enhance,
		Variants: imaging.Variants{
			Widths: []int{width}, Background: s.recipe.Variants.Background,
			JPEG: &imaging.JPEGOptions{Quality: 92, Chroma: imaging.Full, Progressive: true},
		},
		Source: source,
	})
	if err != nil {
		return nil, err
	}
	return r.Variants[0].Data, nil
}

// widest returns the widest variant that fits on a sheet, or else the narrowest, in the format
// that the recipe names first.
func widest(variants []imaging.Variant) imaging.Variant {
	best := variants[0]
	for _, v := range variants[1:] {
		switch {
		case v.Format != best.Format:
		case v.Width <= shownWidth && (v.Width > best.Width || best.Width > shownWidth):
			best = v
		case best.Width > shownWidth && v.Width < best.Width:
			best = v
		}
	}
	return best
}
