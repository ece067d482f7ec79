package vips

import (
	"encoding/binary"
	"math"
	"strings"
	"unicode/utf16"
)

// icc reads the tags of an ICC profile. Whatever is out of bounds reads as absent.
type icc []byte

// tag returns the data of a tag with its type signature, or nil. Profiles hold a dozen tags;
// more than 100 are not looked at.
func (p icc) tag(name string) []byte {
	if len(p) < 132 || string(p[36:40]) != "acsp" {
		return nil
	}
	count := int(min(binary.BigEndian.Uint32(p[128:]), 100))
	for i := range count {
		entry := 132 + 12*i
		if entry+12 > len(p) {
			return nil
		}
		if string(p[entry:entry+4]) != name {
			continue
		}
		at, size := uint64(binary.BigEndian.Uint32(p[entry+4:])), uint64(binary.BigEndian.Uint32(p[entry+8:]))
		if at+size > uint64(len(p)) || size < 8 {
			return nil
		}
		return p[at : at+size]
	}
	return nil
}

// space is the colour space that the profile takes, as "RGB ", or "".
func (p icc) space() string {
	if len(p) < 132 {
		return ""
	}
	return string(p[16:20])
}

// sRGB's colorants adapted to D50, as in the profiles of the ICC.
var colorants = map[string][3]float64{
	"rXYZ": {0.43607, 0.22249, 0.01392},
	"gXYZ": {0.38515, 0.71687, 0.09708},
	"bXYZ": {0.14307, 0.06061, 0.71410},
}

// isSRGB says whether a profile is sRGB by its colorants and curves, whatever its name: then
// there is nothing to convert, and a conversion less is CPU less. It is strict: a profile with
// tables, a plain gamma of 2.2 or other colorants is not sRGB.
func isSRGB(profile []byte) bool {
	p := icc(profile)
	if p.tag("A2B0") != nil || p.tag("A2B1") != nil || p.tag("D2B0") != nil || p.tag("D2B1") != nil {
		return false
	}
	switch p.space() {
	case "GRAY":
		return isSRGBCurve(p.tag("kTRC"))
	case "RGB ":
		for name, want := range colorants {
			if !near(p.tag(name), want) {
				return false
			}
		}
		return isSRGBCurve(p.tag("rTRC")) && isSRGBCurve(p.tag("gTRC")) && isSRGBCurve(p.tag("bTRC"))
	}
	return false
}

// near says whether an XYZ tag holds a colour, to less than what 8 bits can show.
func near(tag []byte, want [3]float64) bool {
	if len(tag) < 20 || string(tag[:4]) != "XYZ " {
		return false
	}
	for i, w := range want {
		if math.Abs(fixed(tag[8+4*i:])-w) > 0.0015 {
			return false
		}
	}
	return true
}

// isSRGBCurve compares a curve with sRGB's at every 8-bit value, to half a level of the result.
func isSRGBCurve(tag []byte) bool {
	curve := curveOf(tag)
	if curve == nil {
		return false
	}
	for i := range 256 {
		level := 255 * encodeSRGB(curve(float64(i)/255))
		if math.IsNaN(level) || math.Abs(level-float64(i)) > 0.5 {
			return false
		}
	}
	return true
}

// encodeSRGB is the inverse transfer function of IEC 61966-2-1.
func encodeSRGB(v float64) float64 {
	if v <= 0.0031308 {
		return 12.92 * v
	}
	return 1.055*math.Pow(v, 1/2.4) - 0.055
}

// curveOf reads a curve of type "curv" or "para" (ICC.1:2022, 10.6 and 10.18), or gives nil.
func curveOf(tag []byte) func(float64) float64 {
	if len(tag) < 12 {
		return nil
	}
	switch string(tag[:4]) {
	case "curv":
		return tableCurve(tag)
	case "para":
		return formulaCurve(tag)
	}
	return nil
}

func tableCurve(tag []byte) func(float64) float64 {
	n := int(binary.BigEndian.Uint32(tag[8:]))
	switch {
	case n == 0:
		return func(x float64) float64 { return x }
	case n < 0 || n > (len(tag)-12)/2:
		return nil
	case n == 1:
		gamma := float64(binary.BigEndian.Uint16(tag[12:])) / 256
		return func(x float64) float64 { return math.Pow(x, gamma) }
	}
	return func(x float64) float64 {
		at := x * float64(n-1)
		i := min(int(at), n-2)
		low, high := binary.BigEndian.Uint16(tag[12+2*i:]), binary.BigEndian.Uint16(tag[14+2*i:])
		return (float64(low) + (at-float64(i))*(float64(high)-float64(low))) / 65535
	}
}

// formulaCurve reads parametric curves of types 0 to 4: g, then a, b, c, d, e, f.
func formulaCurve(tag []byte) func(float64) float64 {
	kind := int(binary.BigEndian.Uint16(tag[8:]))
	counts := [...]int{1, 3, 4, 5, 7}
	if kind >= len(counts) || len(tag) < 12+4*counts[kind] {
		return nil
	}
	var v [7]float64
	for i := range counts[kind] {
		v[i] = fixed(tag[12+4*i:])
	}
	g, a, b, c, d, e, f := v[0], v[1], v[2], v[3], v[4], v[5], v[6]
	switch kind {
	case 0:
		return func(x float64) float64 { return math.Pow(x, g) }
	case 1:
		c, d, e, f = 0, -b/a, 0, 0
	case 2:
		c, d, e, f = 0, -b/a, c, c
	}
	return func(x float64) float64 {
		if x >= d {
			return math.Pow(a*x+b, g) + e
		}
		return c*x + f
	}
}

// fixed reads a s15Fixed16Number.
func fixed(b []byte) float64 { return float64(int32(binary.BigEndian.Uint32(b))) / 65536 }

// profileName is the description in an ICC profile, at most 80 characters, or "".
func profileName(profile []byte) string {
	tag := icc(profile).tag("desc")
	name := ""
	switch {
	case len(tag) < 12:
	case string(tag[:4]) == "desc":
		size := min(int(binary.BigEndian.Uint32(tag[8:])), len(tag)-12)
		name = string(tag[12 : 12+max(size, 0)])
	case string(tag[:4]) == "mluc":
		name = localName(tag)
	}
	name, _, _ = strings.Cut(name, "\x00")
	runes := []rune(strings.ToValidUTF8(strings.TrimSpace(name), ""))
	return string(runes[:min(len(runes), 80)])
}

// localName is the first record of a multiLocalizedUnicodeType.
func localName(tag []byte) string {
	if len(tag) < 28 {
		return ""
	}
	size, at := uint64(binary.BigEndian.Uint32(tag[20:])), uint64(binary.BigEndian.Uint32(tag[24:]))
	if at+size > uint64(len(tag)) {
		return ""
	}
	var units []uint16
	for i := at; i+1 < at+min(size, 512); i += 2 {
		units = append(units, binary.BigEndian.Uint16(tag[i:]))
	}
	return string(utf16.Decode(units))
}
