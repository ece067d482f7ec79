package worker

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"burnish/queue"
)

// extensions are what people name photos. A file so named that is no photo is a failure worth
// reporting; any other is only somebody's file.
var extensions = []string{
	".avif", ".bmp", ".gif", ".heic", ".heif", ".jfif", ".jpe", ".jpeg", ".jpg",
	".jxl", ".png", ".psd", ".tif", ".tiff", ".webp",
}

// named reports whether the key has a photo's name.
func named(key queue.Key) bool {
	return slices.Contains(extensions, strings.ToLower(path.Ext(string(key))))
}

// looksCoded reports whether data begin as a coded picture that people keep photos in, read by
// Burnish or not: the engine then says which it is and whether it reads it.
func looksCoded(data []byte) bool {
	for _, magic := range []string{
		"\xff\xd8\xff", "\x89PNG\r\n\x1a\n", "GIF87a", "GIF89a", "II*\x00", "MM\x00*", "8BPS",
		"\xff\x0a", "\x00\x00\x00\x0cJXL ", "\x00\x00\x00\x0cjP  ",
	} {
		if bytes.HasPrefix(data, []byte(magic)) {
			return true
		}
	}
	return len(data) >= 12 &&
		(string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP" ||
			string(data[4:8]) == "ftyp" && slices.Contains([]string{"avif", "avis", "heic", "heix", "mif1", "msf1", "heif"}, string(data[8:12])))
}
