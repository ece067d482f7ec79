package vips

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"burnish/imaging"
)

// Everything that is looked at before the first pixel: type, structure, header, limits. Whatever
// the bytes, the answer is a header within the limits or a fact.
func FuzzHeader(f *testing.F) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil || len(files) < 40 {
		f.Fatal("fixtures are missing", err)
	}
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil && len(data) < 4096 {
			f.Add(data)
		}
	}
	e := engine(f)
	limits := imaging.Limits{Bytes: 1 << 20, Megapixels: 1, Bands: 4, Frames: 10}
	f.Fuzz(func(t *testing.T, data []byte) {
		format, err := e.recognise(data)
		if err == nil {
			var h header
			h, err = pinnedHeader(format, data, limits)
			if err == nil && (h.width < 1 || h.height < 1 || h.bands > 4 || h.frames > 10 || h.width*h.height > 1e6 ||
				h.orientation < 1 || h.orientation > 8) {
				t.Errorf("header is %+v", h)
			}
		}
		if err != nil && !errors.Is(err, imaging.ErrCorrupt) && !errors.Is(err, imaging.ErrTruncated) &&
			!errors.Is(err, imaging.ErrUnsupported) && !errors.Is(err, imaging.ErrTooLarge) {
			t.Errorf("no fact: %v", err)
		}
	})
}

func pinnedHeader(format imaging.Format, data []byte, limits imaging.Limits) (header, error) {
	library.Lock()
	defer library.Unlock()
	defer takeWarnings()
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&data[0])
	h, err := readHeader(format, data, limits)
	if err != nil {
		return h, blame(format, data, err)
	}
	return h, nil
}
