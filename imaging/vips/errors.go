package vips

/*
#include "pipeline.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"burnish/imaging"
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
	{"cannot allocate", imaging.ErrTooLarge},
	{"security limit", imaging.ErrTooLarge},
	{"exceeds limit", imaging.ErrTooLarge},
	{"exceeds", imaging.ErrTooLarge},
	{"too large", imaging.ErrTooLarge},
	{"too big", imaging.ErrTooLarge},
	{"maximum supported image dimension", imaging.ErrTooLarge},

	{"premature end of jpeg", imaging.ErrTruncated},
	{"premature end of input", imaging.ErrTruncated},
	{"end of file", imaging.ErrTruncated},
	{"end of gif", imaging.ErrTruncated},
	{"not enough data", imaging.ErrTruncated},
	{"truncated", imaging.ErrTruncated},

	{"not been built in", imaging.ErrUnsupported},
	{"not compiled in", imaging.ErrUnsupported},
	{"not implemented", imaging.ErrUnsupported},
	{"not configured", imaging.ErrUnsupported},
	{"unsupported", imaging.ErrUnsupported},
	{"not supported", imaging.ErrUnsupported},
	{"operation is blocked", imaging.ErrUnsupported},
	{"bad labq format", imaging.ErrUnsupported}, // CIELab of 8 bits, which libvips' TIFF loader takes for its own coding
}

// errCode marks trouble with making a file: not a fact about the photo.
var errCode = errors.New("encode")

// failure takes libvips' error and states it as a fact about the photo. What has no word of
// its own is corrupt: libvips fails on nothing else that a photo can cause.
func failure() error { return classify(takeWarnings()) }

// takeWarnings empties libvips' error buffer: after a success it holds what the decoder
// complained of and went on.
func takeWarnings() string { return goText(C.photo_error()) }

// takeLog empties what libvips has logged.
func takeLog() string { return goText(C.photo_warnings()) }

// goText copies a text into Go and frees it.
func goText(text *C.char) string {
	defer C.photo_free(unsafe.Pointer(text))
	return C.GoString(text)
}

// classify goes by the log where libvips' error is empty, as that of a refused PNG is.
func classify(text string) error {
	if log := takeLog(); strings.TrimSpace(text) == "" {
		text = log
	}
	text = oneLine(text)
	lower := strings.ToLower(text)
	for _, v := range verdicts {
		if strings.Contains(lower, v.words) {
			return fmt.Errorf("%w: %s", v.fact, text)
		}
	}
	return fmt.Errorf("%w: %s", imaging.ErrCorrupt, text)
}

// oneLine puts the messages of libvips' error buffer one after the other, each once, without
// the reader's notes about how it looked for the end of the source.
func oneLine(text string) string {
	var lines []string
	seen := map[string]bool{}
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		if line != "" && !seen[line] && !strings.HasPrefix(line, "source: bad seek") {
			seen[line] = true
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return "the decoder gave no reason"
	}
	return strings.Join(lines[:min(len(lines), 3)], "; ")
}
