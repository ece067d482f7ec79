package metadata

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// decode reads UTF-8, and each byte that is none as Windows-1252, which Latin-1 is part of.
func decode(b []byte) string {
	var s strings.Builder
	for len(b) > 0 {
		r, n := decodeRune(b)
		s.WriteRune(r)
		b = b[n:]
	}
	return s.String()
}

// decodeRune reads a character of UTF-8, or else a byte of Windows-1252.
func decodeRune(b []byte) (rune, int) {
	r, n := utf8.DecodeRune(b)
	if r == utf8.RuneError && n == 1 {
		return charmap.Windows1252.DecodeByte(b[0]), 1
	}
	return r, n
}

// decodeLatin reads Latin-1, with what Windows puts in its control range.
func decodeLatin(b []byte) string {
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = charmap.Windows1252.DecodeByte(c)
	}
	return string(runes)
}
