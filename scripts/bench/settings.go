package main

import (
	"burnish/imaging"
)

// widths are those of the built-in recipe catalogue.
var widths = []int{320, 640, 960, 1280}

// sharpSettings are widths and, for each format, the options that sharp is given; an empty
// object leaves sharp's own defaults.
type sharpSettings struct {
	Widths  []int                             `json:"widths"`
	Formats map[imaging.Format]map[string]any `json:"formats"`
}

// The equal settings of part a: what both can be told, told to both. 4:2:0 everywhere, since
// that is what the web is served; sharp's mozjpeg switch is quant table 3, trellis, deringing
// and optimised progressive scans.
const (
	equalJPEG = 75
	equalWebP = 75
	equalAVIF = 50

	equalWebPEffort = 4
	equalAVIFEffort = 2
)

func equalSharp() sharpSettings {
	return sharpSettings{widths, map[imaging.Format]map[string]any{
		imaging.JPEG: {"quality": equalJPEG, "mozjpeg": true, "chromaSubsampling": "4:2:0"},
		imaging.WebP: {"quality": equalWebP, "effort": equalWebPEffort},
		imaging.AVIF: {
			"quality": equalAVIF, "effort": equalAVIFEffort, "chromaSubsampling": "4:2:0", "tune": "iq",
		},
	}}
}

func equalOurs() imaging.Request {
	return imaging.Request{
		Limits: limits,
		Variants: imaging.Variants{
			Widths:     widths,
			Background: imaging.Color{R: 255, G: 255, B: 255},
			JPEG: &imaging.JPEGOptions{
				Quality: equalJPEG, Chroma: imaging.Subsampled, Progressive: true,
				Trellis: true, Deringing: true, OptimizeScans: true, QuantTable: 3,
			},
			WebP: &imaging.WebPOptions{Quality: equalWebP, Effort: equalWebPEffort, Chroma: imaging.Subsampled},
			AVIF: &imaging.AVIFOptions{
				Quality: equalAVIF, Effort: equalAVIFEffort, Chroma: imaging.Subsampled, Tune: "iq",
			},
		},
	}
}

// limits never stand in a benchmark photo's way.
var limits = imaging.Limits{Bytes: 256 << 20, Megapixels: 100, Bands: 5, Frames: 1000}

// defaultSharp is sharp as it comes: jpeg(), webp() and avif() with no options.
func defaultSharp() sharpSettings {
	return sharpSettings{widths, map[imaging.Format]map[string]any{
		imaging.JPEG: {}, imaging.WebP: {}, imaging.AVIF: {},
	}}
}
