package metadata

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// box is one box of ISO/IEC 14496-12.
type box struct {
	kind string
	data []byte
}

// boxes calls visit for each box. It reports whether they fill b exactly.
func boxes(b []byte, visit func(box)) (whole bool) {
	for len(b) >= 8 {
		n, head := uint64(binary.BigEndian.Uint32(b)), uint64(8)
		switch {
		case n == 0: // to the end
			n = uint64(len(b))
		case n == 1 && len(b) >= 16:
			n, head = binary.BigEndian.Uint64(b[8:]), 16
		}
		if n < head || n > uint64(len(b)) {
			return false
		}
		visit(box{string(b[4:8]), b[head:n]})
		b = b[n:]
	}
	return len(b) == 0
}

// child is the data of the first box of a kind.
func child(b []byte, kind string) []byte {
	var found []byte
	boxes(b, func(x box) {
		if x.kind == kind && found == nil {
			found = x.data
		}
	})
	return found
}

// findHEIF finds the Exif and XMP items of AVIF and HEIC files (ISO/IEC 23008-12).
func findHEIF(source []byte) blocks {
	var b blocks
	meta := after(child(source, "meta"), 4) // its version and flags
	exif, xmp := metadataItems(child(meta, "iinf"))
	if len(exif)+len(xmp) == 0 {
		return b
	}
	places := itemData(child(meta, "iloc"), append(exif, xmp...), source, child(meta, "idat"))
	for _, id := range exif {
		data := places[id]
		if len(data) < 4 || b.exif != nil {
			continue
		}
		skip := uint64(binary.BigEndian.Uint32(data)) // to the TIFF header
		b.exif = data[min(4+skip, uint64(len(data))):]
	}
	for _, id := range xmp {
		b.addXMP(places[id])
	}
	return b
}

// metadataItems lists the ids of the first few items that hold Exif and XMP.
func metadataItems(iinf []byte) (exif, xmp []uint32) {
	items(iinf, func(id uint32, kind string, rest []byte) {
		_, rest, _ = bytes.Cut(rest, []byte{0}) // the item's name
		switch {
		case kind == "Exif" && len(exif) < maxPackets:
			exif = append(exif, id)
		case kind == "mime" && len(xmp) < maxPackets && bytes.HasPrefix(rest, []byte("application/rdf+xml\x00")):
			xmp = append(xmp, id)
		}
	})
	return exif, xmp
}

// items calls visit for each item entry with its id, its type, and what follows the type. It
// reports whether all could be read.
func items(iinf []byte, visit func(id uint32, kind string, rest []byte)) (whole bool) {
	r := fields{b: iinf}
	version := r.number(4) >> 24
	if version == 0 {
		r.number(2)
	} else {
		r.number(4)
	}
	readable := true
	whole = boxes(r.b, func(x box) {
		e := fields{b: x.data}
		idSize := map[uint64]int{2: 2, 3: 4}[e.number(4)>>24]
		id := e.number(idSize)
		e.number(2) // protection
		kind := e.take(4)
		if x.kind != "infe" || idSize == 0 || e.short {
			readable = false
			return
		}
		visit(uint32(id), string(kind), e.b)
	})
	return whole && readable && !r.short
}

// itemData finds the bytes of the wanted items, of each at most maxXMP.
func itemData(iloc []byte, wanted []uint32, file, idat []byte) map[uint32][]byte {
	found := map[uint32][]byte{}
	r := fields{b: iloc}
	version := r.number(4) >> 24
	sizes := r.number(2)
	offsetSize, lengthSize, baseSize, indexSize := int(sizes>>12), int(sizes>>8&15), int(sizes>>4&15), int(sizes&15)
	idSize := 2
	if version == 2 {
		idSize = 4
	}
	if version == 0 {
		indexSize = 0
	}
	for range r.number(idSize) {
		id := uint32(r.number(idSize))
		within := file
		if version > 0 {
			switch r.number(2) & 15 {
			case 0:
			case 1:
				within = idat
			default:
				within = nil
			}
		}
		r.number(2) // which file; 0 is this one
		base := r.number(baseSize)
		extents := fields{b: r.take(int(r.number(2)) * (indexSize + offsetSize + lengthSize))}
		if r.short {
			break
		}
		if _, seen := found[id]; seen || !slices.Contains(wanted, id) {
			continue
		}
		found[id] = gather(extents, within, base, indexSize, offsetSize, lengthSize)
	}
	return found
}

// gather joins the extents of an item.
func gather(extents fields, within []byte, base uint64, indexSize, offsetSize, lengthSize int) []byte {
	var data []byte
	for len(extents.b) > 0 && len(data) < maxXMP {
		extents.number(indexSize)
		at, n := base+extents.number(offsetSize), extents.number(lengthSize)
		if at > uint64(len(within)) {
			return data
		}
		part := within[at:]
		if n > 0 { // 0 means all there is
			part = part[:min(n, uint64(len(part)))]
		}
		data = append(data, part[:min(len(part), maxXMP)]...)
	}
	return data
}

// fields reads big-endian numbers off the front of b. Past the end it gives zeros and sets
// short.
type fields struct {
	b     []byte
	short bool
}

func (f *fields) take(n int) []byte {
	if n < 0 || n > len(f.b) {
		f.b, f.short = nil, true
		return nil
	}
	taken := f.b[:n]
	f.b = f.b[n:]
	return taken
}

func (f *fields) number(size int) (n uint64) {
	for _, c := range f.take(size) {
		n = n<<8 | uint64(c)
	}
	return n
}
