// Package imaging says what is wanted of a photo and what came of it.
//
// It holds the words that every engine and every caller share: formats, recipes,
// requests, results and the closed list of reasons. It does no pixel work.
package imaging

// Format is the coding of a photo or of a variant.
type Format string

// The formats that Burnish reads. JPEG, WebP and AVIF are also written.
const (
	JPEG Format = "jpeg"
	PNG  Format = "png"
	WebP Format = "webp"
	AVIF Format = "avif"
	TIFF Format = "tiff"
	GIF  Format = "gif"
	HEIC Format = "heic"
)

// Written lists the formats that variants come in, in the order in which a recipe names them.
var Written = []Format{JPEG, WebP, AVIF}

// Ext is the file name extension of a variant, without the dot.
func (f Format) Ext() string {
	if f == JPEG {
		return "jpg"
	}
	return string(f)
}

// ContentType is the media type of the format.
func (f Format) ContentType() string { return "image/" + string(f) }
