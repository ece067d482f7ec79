package vips

/*
#include "pipeline.h"
*/
import "C"

import (
	"fmt"
	"strings"
	"unsafe"

	"burnish/imaging"
)

// strictness is libvips' VipsFailOn: what ends a decode instead of being papered over.
type strictness int

const (
	onError   strictness = 2
	onWarning strictness = 3
)

// verdicts tell facts about a photo by libvips' words, in order. It is the one place where
// message texts are read: the libraries below report nothing else.
var verdicts = []struct {
	words string
	fact  error
}{
	{"out of memory", imaging.ErrTooLarge},
	{"insufficient memory", imaging.ErrTooLarge},
	{"memory allocation", imaging.ErrTooLarge},
	{"security limit", imaging.ErrTooLarge},
	{"exceeds limit", imaging.ErrTooLarge},
	{"too large", imaging.ErrTooLarge},
	{"too big", imaging.ErrTooLarge},

	{"premature end", imaging.ErrTruncated},
	{"end of file", imaging.ErrTruncated},
	{"end of stream", imaging.ErrTruncated},
	{"end of image", imaging.ErrTruncated},
	{"out of data", imaging.ErrTruncated},
	{"not enough data", imaging.ErrTruncated},
	{"read error", imaging.ErrTruncated},
	{"truncated", imaging.ErrTruncated},

	{"unsupported", imaging.ErrUnsupported},
	{"not supported", imaging.ErrUnsupported},
	{"not implemented", imaging.ErrUnsupported},
	{"blocked", imaging.ErrUnsupported},
	{"not compiled in", imaging.ErrUnsupported},
}

// failure takes libvips' error and states it as a fact about the photo. What has no word of
// its own is corrupt: libvips fails on nothing else that a photo can cause.
func failure() error {
	text := C.photo_error()
	defer C.photo_free(unsafe.Pointer(text))
	return classify(C.GoString(text))
}

func classify(text string) error {
	text = tidyMessage(text)
	lower := strings.ToLower(text)
	for _, v := range verdicts {
		if strings.Contains(lower, v.words) {
			return fmt.Errorf("%w: %s", v.fact, text)
		}
	}
	return fmt.Errorf("%w: %s", imaging.ErrCorrupt, text)
}

// tidyMessage makes one line of libvips' error buffer, each message once.
func tidyMessage(text string) string {
	var lines []string
	seen := map[string]bool{}
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" && !seen[line] {
			seen[line] = true
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return "the decoder gave no reason"
	}
	return strings.Join(lines[:min(len(lines), 4)], "; ")
}
