package enhance

import "math"

// standard is the luminance table of ITU-T T.81, annex K.1, in zigzag order.
var standard = [64]int{
	16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40,
	26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61, 60, 57, 51,
	56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87,
	95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
}

// JPEGQuality is the quality, 1 to 100, at which libjpeg would quantise luminance as a JPEG does,
// by its first table: libjpeg's own scale, inverted on the median ratio to the standard's table. It is 0
// where the source is no JPEG or has no whole table before its pixels.
func JPEGQuality(source []byte) int {
	if len(source) < 4 || source[0] != 0xff || source[1] != 0xd8 {
		return 0
	}
	for at := 2; at+4 <= len(source) && source[at] == 0xff; {
		marker := source[at+1]
		if marker == 0xff { // fill
			at++
			continue
		}
		end := at + 2 + int(source[at+2])<<8 + int(source[at+3])
		switch {
		case marker == 0xda || end > len(source) || end < at+4:
			return 0
		case marker == 0xdb:
			if q := tableQuality(source[at+4 : end]); q > 0 {
				return q
			}
		}
		at = end
	}
	return 0
}

// tableQuality finds table 0 among those of a segment.
func tableQuality(tables []byte) int {
	for len(tables) > 0 {
		size := 1 + int(tables[0]>>4)
		if size > 2 || len(tables) < 1+64*size {
			return 0
		}
		if tables[0]&15 == 0 {
			percents := make([]float64, 0, len(standard))
			for i, s := range standard {
				q := int(tables[1+i*size])
				if size == 2 {
					q = q<<8 + int(tables[2+i*size])
				}
				if q > 1 && q < 255 { // the ends stand for what is beyond them
					percents = append(percents, 100*float64(q)/float64(s))
				}
			}
			return scaleQuality(at(percents, 0.5))
		}
		tables = tables[1+64*size:]
	}
	return 0
}

// scaleQuality inverts libjpeg's jpeg_quality_scaling: 5000 / Q below 50, 200 - 2 Q above.
func scaleQuality(percent float64) int {
	q := (200 - percent) / 2
	if percent > 100 {
		q = 5000 / percent
	}
	return int(math.Round(max(1, min(100, q))))
}
