package metadata

import (
	"slices"
)

// bareAVIF reports whether a still AVIF holds its picture and nothing else: no metadata, no
// thumbnail, no gain map, no box that this package does not know.
func bareAVIF(source []byte) bool {
	known, brands := true, []byte(nil)
	var meta []byte
	whole := boxes(source, func(x box) {
		switch {
		case x.kind == "ftyp" && brands == nil:
			brands = x.data
		case x.kind == "meta" && meta == nil:
			meta = after(x.data, 4)
		case x.kind != "mdat":
			known = false
		}
	})
	if !whole || !known || len(brands) < 4 || string(brands[:4]) != "avif" {
		return false
	}
	return pictureOnly(meta)
}

// pictureOnly reports whether a meta box describes coded pictures, grids of them and their
// alpha, and nothing else.
func pictureOnly(meta []byte) bool {
	known := true
	var iinf []byte
	whole := boxes(meta, func(x box) {
		switch x.kind {
		case "hdlr", "pitm", "iloc", "iprp", "idat":
		case "iinf":
			iinf = x.data
		case "iref":
			known = known && boxes(after(x.data, 4), func(ref box) {
				known = known && slices.Contains([]string{"auxl", "dimg", "prem"}, ref.kind)
			})
		default:
			known = false
		}
	})
	count := 0
	readable := items(iinf, func(_ uint32, kind string, _ []byte) {
		count++
		known = known && (kind == "av01" || kind == "grid")
	})
	return whole && known && readable && count > 0
}
