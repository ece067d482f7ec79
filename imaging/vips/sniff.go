package vips

import (
	"bytes"
	"fmt"

	"burnish/imaging"
)

// signature is what a kind of file begins with: magic at an offset.
type signature struct {
	offset int
	magic  string
	format imaging.Format // empty: known, but not read
	name   string
}

// signatures are tried in order. Those without a format are here to be named when refused.
var signatures = []signature{
	{0, "\xff\xd8\xff", imaging.JPEG, "JPEG"},
	{0, "\x89PNG\r\n\x1a\n", imaging.PNG, "PNG"},
	{0, "GIF87a", imaging.GIF, "GIF"},
	{0, "GIF89a", imaging.GIF, "GIF"},
	{0, "II*\x00", imaging.TIFF, "TIFF"},
	{0, "MM\x00*", imaging.TIFF, "TIFF"},
	{0, "II+\x00\x08\x00", imaging.TIFF, "BigTIFF"},
	{0, "MM\x00+\x00\x08", imaging.TIFF, "BigTIFF"},

	{0, "8BPS", "", "Photoshop (PSD)"},
	{0, "\xff\x0a", "", "JPEG XL"},
	{0, "\x00\x00\x00\x0cJXL \r\n\x87\n", "", "JPEG XL"},
	{0, "\x00\x00\x00\x0cjP  \r\n\x87\n", "", "JPEG 2000"},
	{0, "\xff\x4f\xff\x51", "", "JPEG 2000"},
	{0, "\xff\xd8", "", "JPEG without a marker after its first"},
	{0, "BM", "", "BMP"},
	{0, "%PDF-", "", "PDF"},
	{0, "%!PS", "", "PostScript"},
	{0, "\x76\x2f\x31\x01", "", "OpenEXR"},
	{0, "#?RADIANCE", "", "Radiance HDR"},
	{0, "\x00\x00\x01\x00", "", "Windows icon"},
	{0, "FUJIFILMCCD-RAW", "", "Fujifilm RAW"},
	{0, "IIRO", "", "Olympus RAW"},
	{0, "IIU\x00", "", "Panasonic RAW"},
	{0, "IIII", "", "Phase One RAW"},
	{0, "gimp xcf", "", "GIMP (XCF)"},
	{0, "DDS ", "", "DirectDraw surface"},
	{0, "SIMPLE  =", "", "FITS"},
	{0, "\x93NUMPY", "", "NumPy array"},
	{0, "\x08\xf2\xa6\xb6", "", "libvips' own format"},
	{0, "\xb6\xa6\xf2\x08", "", "libvips' own format"},
	{0, "\x89HDF", "", "HDF5"},
	{0, "MATLAB 5.0", "", "MATLAB array"},
	{0, "P1", "", "PBM"},
	{0, "P2", "", "PGM"},
	{0, "P3", "", "PPM"},
	{0, "P4", "", "PBM"},
	{0, "P5", "", "PGM"},
	{0, "P6", "", "PPM"},
	{0, "P7", "", "PAM"},
	{0, "PF", "", "PFM"},
	{0, "Pf", "", "PFM"},
	{0, "PK\x03\x04", "", "ZIP archive"},
	{0, "\x1f\x8b", "", "gzip archive"},
	{0, "Rar!", "", "RAR archive"},
	{0, "\x1a\x45\xdf\xa3", "", "Matroska or WebM video"},
	{0, "FLV\x01", "", "Flash video"},
	{0, "OggS", "", "Ogg media"},
	{0, "ID3", "", "MP3 audio"},
	{0, "\x7fELF", "", "program"},
	{0, "MZ", "", "program"},
}

// brands are the ISO media brands of photos that are read; what else bears them is video.
var brands = map[string]imaging.Format{
	"avif": imaging.AVIF, "avis": imaging.AVIF,
	"heic": imaging.HEIC, "heix": imaging.HEIC, "heim": imaging.HEIC, "heis": imaging.HEIC,
	"hevc": imaging.HEIC, "hevx": imaging.HEIC, "hevm": imaging.HEIC, "hevs": imaging.HEIC,
}

// sniff tells the format by the first bytes alone. Names and libvips' own guess are not asked:
// a loader that is never reached cannot be attacked. Errors are ErrTruncated for no bytes at
// all and ErrUnsupported, with the type's name where it is known, for all that is not read.
func sniff(source []byte) (imaging.Format, error) {
	if len(source) == 0 {
		return "", fmt.Errorf("%w: the file is empty", imaging.ErrTruncated)
	}
	for _, s := range signatures {
		if !bytes.HasPrefix(source[min(s.offset, len(source)):], []byte(s.magic)) {
			continue
		}
		if s.format == "" {
			return "", unread(s.name)
		}
		return s.format, nil
	}
	if len(source) >= 12 && string(source[4:8]) == "ftyp" {
		return sniffMedia(source)
	}
	if len(source) >= 12 && string(source[:4]) == "RIFF" {
		return sniffRIFF(source)
	}
	if len(source) < 12 {
		return "", fmt.Errorf("%w: the file has %d bytes", imaging.ErrTruncated, len(source))
	}
	if isSVG(source) {
		return "", unread("SVG")
	}
	return "", fmt.Errorf("%w: the first bytes are those of no known kind of photo; send %s", imaging.ErrUnsupported, readable)
}

const readable = "JPEG, PNG, WebP, AVIF, TIFF, GIF or HEIC"

func unread(name string) error {
	return fmt.Errorf("%w: this is %s, which is not read; send %s", imaging.ErrUnsupported, name, readable)
}

// sniffMedia tells photos from videos by the brands in an ISO media file's first box.
func sniffMedia(source []byte) (imaging.Format, error) {
	size := int(source[0])<<24 | int(source[1])<<16 | int(source[2])<<8 | int(source[3])
	list := source[8:min(max(size, 12), len(source), 256)]
	for i := 0; i+4 <= len(list); i += 4 {
		if i == 4 { // the minor version stands between the major brand and the compatible ones
			continue
		}
		if format, ok := brands[string(list[i:i+4])]; ok {
			return format, nil
		}
	}
	switch major := string(list[:4]); major {
	case "crx ":
		return "", unread("Canon RAW (CR3)")
	case "mif1", "msf1", "miaf":
		return "", unread("a HEIF file without AVIF or HEIC pictures")
	default:
		return "", unread(fmt.Sprintf("video or other ISO media (%q)", major))
	}
}

func sniffRIFF(source []byte) (imaging.Format, error) {
	if kind := string(source[8:12]); kind != "WEBP" {
		return "", unread(fmt.Sprintf("RIFF media (%q)", kind))
	}
	return imaging.WebP, nil
}

// isSVG looks for an SVG element where one can begin, behind a declaration and comments.
func isSVG(source []byte) bool {
	head := bytes.TrimLeft(bytes.TrimPrefix(source[:min(len(source), 1024)], []byte("\xef\xbb\xbf")), " \t\r\n")
	return bytes.HasPrefix(head, []byte("<")) && bytes.Contains(head, []byte("<svg"))
}
