package imaging

import "time"

// Request asks an engine for the variants of one photo.
type Request struct {
	Limits   Limits   `json:"limits"`
	Enhance  Enhance  `json:"enhance"`
	Variants Variants `json:"variants"`

	// Source is the coded photo, at most Limits.Bytes long.
	Source []byte `json:"-"`
}

// Result is what an engine made of a photo.
type Result struct {
	Source   Source    `json:"source"`
	Analysis Analysis  `json:"analysis"`
	Steps    []Step    `json:"steps"` // never nil: no step is []
	Variants []Variant `json:"variants"`
	Timings  Timings   `json:"timings"`
}

// Source describes the photo as it was read.
type Source struct {
	Format      Format `json:"format"`
	Width       int    `json:"width"`  // pixels, upright
	Height      int    `json:"height"` // pixels, upright
	Bytes       int64  `json:"bytes"`
	Bands       int    `json:"bands"`             // channels as stored, alpha included
	Orientation int    `json:"orientation"`       // EXIF, 1 to 8
	Profile     string `json:"profile,omitempty"` // description of the embedded ICC profile
	Alpha       bool   `json:"alpha,omitempty"`   // has pixels that are not opaque, or may have
	Frames      int    `json:"frames,omitempty"`  // in the file; only the first is used
}

// Analysis is what was measured on a small copy of the photo.
type Analysis struct {
	// ChromaLoss is what 4:2:0 would do to the photo's saturated edges: the 99.5th percentile
	// of the colour difference (ΔE2000) between the small copy and its 4:2:0 rendering, less
	// three times the 90th, since coloured texture hides it. 0 is the least.
	ChromaLoss float64 `json:"chromaLoss"`

	Exposure Exposure `json:"exposure,omitzero"`

	Background Background `json:"background,omitzero"`

	Detail Detail `json:"detail,omitzero"`

	// Colourfulness is that of Hasler and Süsstrunk (2003): 0 is grey, 33 moderate, 109 extreme.
	Colourfulness float64 `json:"colourfulness,omitzero"`

	// JPEGQuality is that of the source by its quantisation tables, 1 to 100; 0 where it is no JPEG.
	JPEGQuality int `json:"jpegQuality,omitzero"`

	// Ground is measured only where a recipe has backgrounds cleaned, after all other adjustments.
	Ground Ground `json:"ground,omitzero"`

	// Lightest is the level that 99.9 % of the pixels do not exceed in each of R, G and B.
	Lightest Color `json:"lightest,omitzero"`
}

// Exposure is how light a photo is. Lightness is CIE L*: 0 is black, 100 white.
type Exposure struct {
	Black  float64 `json:"black"`  // lightness that 0.1 % of the pixels do not exceed
	Dark   float64 `json:"dark"`   // 5 %
	Middle float64 `json:"middle"` // half of them
	Top    float64 `json:"top"`    // 99.9 %

	// Of the brightest of R, G and B, whatever the colour: the lightness of a grey of that level.
	Light  float64 `json:"light"`  // 95 % of the pixels do not exceed it
	Bright float64 `json:"bright"` // 99.5 %; where highlights were clipped it is White
	White  float64 `json:"white"`  // 99.9 %: where highlights end

	// Clipped are shares of the pixels, 0 to 1, that are as dark or as light as 8 bits tell.
	ClippedDark  float64 `json:"clippedDark"`
	ClippedLight float64 `json:"clippedLight"` // in their brightest channel
}

// Background is what lies behind the subject, as the border shows it.
type Background struct {
	Color    Color   `json:"color"`    // the median
	Evenness float64 `json:"evenness"` // share of the border that is within 10 levels of it
}

// Detail is what a photo shows at the size of its largest variant.
type Detail struct {
	// Noise is the standard deviation of luminance noise, in 8-bit levels: in the tenth of the
	// measured blocks that has least of it. Where all is texture, that is texture.
	Noise float64 `json:"noise"`

	// Texture is the same in the median block, in which it is mostly texture.
	Texture float64 `json:"texture"`

	// Sharpness is which share of their height strong edges have from one pixel to the next, at the
	// 90th percentile: 1 is a step, 0.3 is soft. 0 where there are hardly any edges.
	Sharpness float64 `json:"sharpness"`
}

// Ground is what a mask of the product was made by.
type Ground struct {
	Not        string     `json:"not,omitempty"` // why the photo has no plain ground, in words
	Color      Color      `json:"color"`         // in the middle of the photo, where it has one
	Noise      float64    `json:"noise"`         // standard deviation at the border, in levels of the small copy
	Border     [4]float64 `json:"border"`        // share of the upper, right, lower and left side that shows it
	Confidence float64    `json:"confidence"`    // in the mask, 0 to 1
}

// Step is one adjustment that was made, or that was wanted and vetoed.
type Step struct {
	Name     string  `json:"name"`
	Strength float64 `json:"strength"`       // 0 when vetoed; the unit is the step's own
	Why      string  `json:"why"`            // what triggered it, in words
	Veto     string  `json:"veto,omitempty"` // what forbade it, in words
}

// Variant is one coded picture of the result.
type Variant struct {
	Name    string `json:"name"` // as the recipe names it: its nominal width
	Format  Format `json:"format"`
	Width   int    `json:"width"`
	Height  int    `json:"height"`
	Quality int    `json:"quality"`
	Chroma  Chroma `json:"chroma"`         // Subsampled, Smart or Full, never Auto
	Note    string `json:"note,omitempty"` // why it is not what the recipe alone would give
	Data    []byte `json:"-"`
}

// Timings says where the engine's CPU time went.
type Timings struct {
	Decode  time.Duration `json:"decode"`  // header to pixels of the largest variant
	Enhance time.Duration `json:"enhance"` // analysis and adjustments
	Encode  time.Duration `json:"encode"`  // downscales and encoders
	CPU     time.Duration `json:"cpu"`     // of the imager for the whole photo, user and system
}

// Build identifies an engine: the part of a fingerprint that no recipe shows.
type Build struct {
	Version   string            `json:"version"`   // of Burnish
	Algorithm int               `json:"algorithm"` // raised whenever the same recipe gives other pixels
	Libvips   string            `json:"libvips"`
	Codecs    map[string]string `json:"codecs"` // library name to version, for instance "aom": "3.15.1"
	Reads     []Format          `json:"reads"`
}
