package imaging

// Recipe says what may be read, how to enhance it and which variants to write.
type Recipe struct {
	Name     string   `yaml:"name" json:"name"`
	Limits   Limits   `yaml:"limits" json:"limits"`
	Enhance  Enhance  `yaml:"enhance" json:"enhance"`
	Variants Variants `yaml:"variants" json:"variants"`
	Output   Output   `yaml:"output" json:"output"`
}

// Limits bounds what is read. All are checked on the header, before any pixel.
type Limits struct {
	Bytes      ByteSize `yaml:"bytes" json:"bytes"`           // of the coded photo
	Megapixels float64  `yaml:"megapixels" json:"megapixels"` // width × height / 10⁶ of the first frame
	Bands      int      `yaml:"bands" json:"bands"`           // channels, alpha included
	Frames     int      `yaml:"frames" json:"frames"`         // in the file; only the first is read
}

// ByteSize is a number of bytes; recipes write it with a unit, as "64 MiB".
type ByteSize int64

// Enhance says which adjustments a photo may get: each number is the most that a step may do, and
// 0 switches it off. How much of it a photo gets is decided by what is measured.
type Enhance struct {
	// Exposure is by how many EV a photo may be brightened.
	Exposure float64 `yaml:"exposure" json:"exposure,omitzero"`

	// Contrast is by how much of itself a photo's contrast may be raised: 0.5 makes it half as much again.
	Contrast float64 `yaml:"contrast" json:"contrast,omitzero"`

	// WhiteBalance is the strongest cast that is taken off, as the chroma (CIELAB) of the background.
	WhiteBalance float64 `yaml:"white_balance" json:"white_balance,omitzero"`

	// Denoise is the strongest noise that is averaged away: its standard deviation in 8-bit levels.
	Denoise float64 `yaml:"denoise" json:"denoise,omitzero"`

	// Saturation is by how much of themselves colours may be raised: 0.1 is a tenth.
	Saturation float64 `yaml:"saturation" json:"saturation,omitzero"`

	// Deblur is the most unsharp masking that a soft photo gets at the size of its largest variant.
	Deblur float64 `yaml:"deblur" json:"deblur,omitzero"`

	// Background is by how much a plain off-white background may be lightened to become white, in CIE L*.
	Background float64 `yaml:"background" json:"background,omitzero"`

	// Sharpen is the amount of unsharp masking after each downscale, 0 (none) to 2.
	Sharpen float64 `yaml:"sharpen" json:"sharpen"`
}

// Variants says which files are written. A format that is nil is not written.
type Variants struct {
	Widths     []int        `yaml:"widths" json:"widths"` // pixels, ascending; a photo is never enlarged
	Background Color        `yaml:"background" json:"background"`
	JPEG       *JPEGOptions `yaml:"jpeg" json:"jpeg,omitempty"`
	WebP       *WebPOptions `yaml:"webp" json:"webp,omitempty"`
	AVIF       *AVIFOptions `yaml:"avif" json:"avif,omitempty"`
}

// Color is an sRGB colour written "#rrggbb"; what is transparent shows it in JPEG.
type Color struct{ R, G, B uint8 }

// Chroma is how colour is sampled.
type Chroma string

// Auto chooses per photo: Subsampled unless its saturated edges would visibly suffer.
const (
	Auto       Chroma = "auto"
	Subsampled Chroma = "4:2:0"
	Full       Chroma = "4:4:4"

	// Smart is how a WebP variant is coded that was to be Full: 4:2:0, with the averaged chroma
	// chosen so that edges come out sharp. No recipe says it, only results.
	Smart Chroma = "4:2:0 smart"
)

// JPEGOptions are the settings of mozjpeg. A build with plain libjpeg ignores the last four.
type JPEGOptions struct {
	Quality       int    `yaml:"quality" json:"quality"` // 1 to 100
	Chroma        Chroma `yaml:"chroma" json:"chroma"`
	Progressive   bool   `yaml:"progressive" json:"progressive"`
	Trellis       bool   `yaml:"trellis" json:"trellis"`
	Deringing     bool   `yaml:"deringing" json:"deringing"`
	OptimizeScans bool   `yaml:"optimize_scans" json:"optimize_scans"`
	QuantTable    int    `yaml:"quant_table" json:"quant_table"` // 0 to 8, as mozjpeg numbers them
}

// WebPOptions are the settings of libwebp. Chroma Full means smart subsampling: lossy WebP
// has no 4:4:4.
type WebPOptions struct {
	Quality int    `yaml:"quality" json:"quality"` // 1 to 100
	Effort  int    `yaml:"effort" json:"effort"`   // 0 to 6
	Chroma  Chroma `yaml:"chroma" json:"chroma"`
}

// AVIFOptions are the settings of libaom.
type AVIFOptions struct {
	Quality int    `yaml:"quality" json:"quality"` // 1 to 100
	Effort  int    `yaml:"effort" json:"effort"`   // 0 to 9
	Chroma  Chroma `yaml:"chroma" json:"chroma"`
	Tune    string `yaml:"tune" json:"tune"` // iq, ssim or psnr
}

// Output says how variants are stored. It does not change their pixels.
type Output struct {
	// FingerprintInPath puts the recipe's fingerprint and the photo's checksum into each
	// variant's path, so that its URL can be cached for ever.
	FingerprintInPath bool `yaml:"fingerprint_in_path" json:"fingerprint_in_path"`

	// CacheControl is told to a bucket with each variant. Folders have no such thing.
	CacheControl CacheControl `yaml:"cache_control" json:"cache_control,omitempty"`
}
