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
	note          string // why it is no size of the recipe's, or ""
}

// sizes lists what is to be made of a photo, the largest first. A photo is never enlarged:
// widths beyond its own are left out. A format that would get nothing gets the photo at its
// own size, under the name of the smallest width. A format that cannot hold even the smallest
// of these sizes gets the largest that it can, and is left out where that would be no pixel wide:
// the others still show the photo. Only where no format is left is the photo ErrTooLarge.
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
	small := list[len(list)-1]
	for _, f := range formats {
		fits := false
		for i := range list {
			if list[i].note == "" && max(list[i].width, list[i].height) <= longest[f] {
				list[i].formats = append(list[i].formats, f)
				fits = true
			}
		}
		if s, ok := small.within(longest[f]); ok && !fits {
			s.formats = []imaging.Format{f}
			s.note = fmt.Sprintf("%d pixels wide, not %d: %s holds at most %d a side", s.width, small.width, f, longest[f])
			list = append(list, s)
		}
	}
	list = slices.DeleteFunc(list, func(s size) bool { return len(s.formats) == 0 })
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: %d × %d pixels, and %s holds at most %d a side", imaging.ErrTooLarge,
			small.width, small.height, formats[0], longest[formats[0]])
	}
	slices.SortStableFunc(list, func(a, b size) int { return max(b.width, b.height) - max(a.width, a.height) })
	return list, nil
}

// within makes a size no longer than limit on either side, of the same shape. ok is false where
// one side would be less than half a pixel.
func (s size) within(limit int) (smaller size, ok bool) {
	long := max(s.width, s.height)
	ok = 2*min(s.width, s.height)*limit >= long
	return size{name: s.name, width: scaled(s.width, limit, long), height: scaled(s.height, limit, long)}, ok
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
