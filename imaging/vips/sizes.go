package vips

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"burnish/imaging"
)

// longest is the longest side that a format can hold, in pixels.
var longest = map[imaging.Format]int{imaging.JPEG: 65500, imaging.WebP: 16383, imaging.AVIF: 16384}

// size is one width of the result and the formats that are written at it.
type size struct {
	name          string // the recipe's width, in decimal
	width, height int
	formats       []imaging.Format
}

// sizes lists what is to be made of a photo, the largest first. A photo is never enlarged:
// widths beyond its own are left out. A format that would get nothing gets the photo at its
// own size, under the name of the smallest width.
func sizes(v imaging.Variants, width, height int) ([]size, error) {
	widths := slices.Sorted(slices.Values(v.Widths))
	if len(widths) == 0 {
		return nil, errors.New("the recipe names no widths")
	}
	var list []size
	for _, w := range slices.Backward(slices.Compact(widths)) {
		if w <= width {
			list = append(list, size{name: strconv.Itoa(w), width: w, height: scaled(height, w, width)})
		}
	}
	if len(list) == 0 {
		list = []size{{name: strconv.Itoa(widths[0]), width: width, height: height}}
	}
	formats := wanted(v)
	if len(formats) == 0 {
		return nil, errors.New("the recipe names no format to write")
	}
	for _, f := range formats {
		fits := false
		for i := range list {
			if max(list[i].width, list[i].height) <= longest[f] {
				list[i].formats = append(list[i].formats, f)
				fits = true
			}
		}
		if !fits {
			small := list[len(list)-1]
			return nil, fmt.Errorf("%w: %d × %d pixels, and %s holds at most %d a side", imaging.ErrTooLarge,
				small.width, small.height, f, longest[f])
		}
	}
	return slices.DeleteFunc(list, func(s size) bool { return len(s.formats) == 0 }), nil
}

// scaled is a × b / c, rounded, and at least 1.
func scaled(a, b, c int) int { return max(1, (a*b+c/2)/c) }

// wanted lists the formats that the recipe writes.
func wanted(v imaging.Variants) []imaging.Format {
	var list []imaging.Format
	for _, f := range imaging.Written {
		if f == imaging.JPEG && v.JPEG != nil || f == imaging.WebP && v.WebP != nil || f == imaging.AVIF && v.AVIF != nil {
			list = append(list, f)
		}
	}
	return list
}
