package vips

import (
	"encoding/binary"
	"unicode/utf16"
)

// adobeRGB is what stands for a photo whose EXIF alone says that it is in Adobe RGB (1998), as
// cameras write it. The colorants, adapted to D50, and the gamma of 2 51/256 are those of Adobe's
// "Adobe RGB (1998) Color Image Encoding", 2005-05, annex A; the file is ICC.1:2010, version 4.
func adobeRGB() []byte {
	const gamma = 2<<8 | 51 // a u8Fixed8Number
	curve := append([]byte("curv\x00\x00\x00\x00\x00\x00\x00\x01"), gamma>>8, gamma&0xff)
	return displayProfile([]iccTag{
		{"desc", localText("Adobe RGB (1998), by EXIF")},
		{"cprt", localText("None")},
		{"wtpt", xyz(0.96420, 1, 0.82491)},
		{"rXYZ", xyz(0.60974, 0.31111, 0.01947)},
		{"gXYZ", xyz(0.20528, 0.62567, 0.06087)},
		{"bXYZ", xyz(0.14919, 0.06322, 0.74457)},
		{"rTRC", curve},
		{"gTRC", curve},
		{"bTRC", curve},
	})
}

// iccTag is one element of an ICC profile, with its type signature.
type iccTag struct {
	name string
	data []byte
}

// displayProfile makes a display profile of RGB (ICC.1:2010, 7).
func displayProfile(tags []iccTag) []byte {
	head := make([]byte, 128, 1024)
	copy(head[8:], "\x04\x20\x00\x00mntrRGB XYZ ")
	copy(head[24:], "\x07\xda\x00\x01\x00\x01") // 2010-01-01, for the same bytes every time
	copy(head[36:], "acsp")
	copy(head[68:], xyz(0.96420, 1, 0.82491)[8:]) // the connection space's illuminant
	table := binary.BigEndian.AppendUint32(head, uint32(len(tags)))
	var body []byte
	start := len(table) + 12*len(tags)
	for _, t := range tags {
		table = append(table, t.name...)
		table = binary.BigEndian.AppendUint32(table, uint32(start+len(body)))
		table = binary.BigEndian.AppendUint32(table, uint32(len(t.data)))
		body = append(body, t.data...)
		body = append(body, make([]byte, -len(t.data)&3)...)
	}
	profile := append(table, body...)
	binary.BigEndian.PutUint32(profile, uint32(len(profile)))
	return profile
}

// xyz is an XYZType.
func xyz(x, y, z float64) []byte {
	tag := []byte("XYZ \x00\x00\x00\x00")
	for _, v := range []float64{x, y, z} {
		tag = binary.BigEndian.AppendUint32(tag, uint32(int32(v*65536+0.5)))
	}
	return tag
}

// localText is a multiLocalizedUnicodeType with one record, in English.
func localText(s string) []byte {
	units := utf16.Encode([]rune(s))
	tag := []byte("mluc\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0cenUS")
	tag = binary.BigEndian.AppendUint32(tag, uint32(2*len(units)))
	tag = binary.BigEndian.AppendUint32(tag, 28)
	for _, u := range units {
		tag = binary.BigEndian.AppendUint16(tag, u)
	}
	return tag
}
