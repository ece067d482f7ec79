package vips

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"burnish/imaging"
)

// codedSpace reads colour numbers of ITU-T H.273, with which AVIF, HEIC and PNG can name a
// colour space without a profile; libvips passes over them. It returns the profile of libvips'
// own that stands for them, or "" for sRGB and where nothing is said. High dynamic range and
// BT.2020 are ErrUnsupported: taken for sRGB they would come out grey.
func codedSpace(format imaging.Format, source []byte) (string, error) {
	primaries, transfer, ok := colourNumbers(format, source)
	if !ok {
		return "", nil
	}
	switch {
	case transfer == 16 || transfer == 18:
		return "", fmt.Errorf("%w: high dynamic range (%s); send a photo in standard range", imaging.ErrUnsupported,
			map[int]string{16: "PQ", 18: "HLG"}[transfer])
	case primaries == 9:
		return "", fmt.Errorf("%w: BT.2020 colours without a profile; send a photo in sRGB or Display P3, or with its profile",
			imaging.ErrUnsupported)
	case primaries == 11 || primaries == 12:
		return "p3", nil
	}
	return "", nil
}

// colourNumbers finds colour primaries and transfer characteristics.
func colourNumbers(format imaging.Format, source []byte) (primaries, transfer int, ok bool) {
	switch format {
	case imaging.PNG:
		for at := 8; at+12 <= len(source); {
			size, kind := int(binary.BigEndian.Uint32(source[at:])), string(source[at+4:at+8])
			if kind == "cICP" && size >= 4 {
				return int(source[at+8]), int(source[at+9]), true
			}
			if kind == "IDAT" || size > len(source) {
				break
			}
			at += 12 + size
		}
	case imaging.AVIF, imaging.HEIC:
		// The properties lie before the coded pixels in what every camera writes. A file whose
		// pixels happen to spell the box is not looked at that far.
		head := source[:min(len(source), 64<<10)]
		if at := bytes.Index(head, []byte("colrnclx")); at >= 0 && at+12 <= len(head) && !bytes.Contains(head, []byte("colrprof")) {
			return int(binary.BigEndian.Uint16(head[at+8:])), int(binary.BigEndian.Uint16(head[at+10:])), true
		}
	}
	return 0, 0, false
}
