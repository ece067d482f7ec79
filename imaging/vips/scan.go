package vips

import (
	"encoding/binary"
	"fmt"

	"burnish/imaging/metadata"
)

// Markers of ITU-T T.81, table B.1, without their leading 0xff.
const (
	markerSOF0 = 0xc0 // baseline
	markerSOF1 = 0xc1 // extended, of 8 bits here
	markerDHT  = 0xc4
	markerSOS  = 0xda
	markerDRI  = 0xdd
)

// checkScan reads the codes of a sequential JPEG to their end, without making pixels of them,
// and tells what libjpeg passes over: libvips stops reading with the last line, so that it never
// learns how much was left. A photo of several scans, progressive ones too, is read to its end by
// libjpeg itself; what this does not know (arithmetic coding, 12 bits) it does not judge.
func checkScan(source []byte) error {
	s, coded := sequentialScan(source)
	if s == nil {
		return nil
	}
	r := bitReader{coded: coded}
	for range s.units {
		for _, c := range s.plan {
			if err := c.block(&r); err != nil {
				return err
			}
		}
	}
	if left := s.leftOver(&r); left > 0 {
		return fmt.Errorf("%d blocks of coded pixels are left over", left)
	}
	return nil
}

// leftOver counts the blocks behind the last that the photo has room for. Damage makes the decoder
// find fewer blocks in the same bits, and all that follow are shifted: then what is left are
// blocks to the very end, where less than a byte of ones pads the last. Anything else is what
// some cameras append to sound photos, kilobytes of it: it counts as none.
func (s *sequential) leftOver(r *bitReader) (blocks int) {
	for !r.padding() {
		for _, c := range s.plan {
			if c.block(r) != nil || r.over {
				return 0
			}
			blocks++
		}
	}
	return blocks
}

// sequential is what it takes to read the last stretch of a scan without restarts.
type sequential struct {
	units int // of the stretch: minimum coded units
	plan  []coder
}

// sequentialScan finds the only scan of a JPEG that is coded by Huffman in sequence, and its
// coded data behind the last restart: before one, libjpeg itself looks for what is left. It
// gives nil where there is no such scan.
func sequentialScan(source []byte) (*sequential, []byte) {
	var f *frame
	var tables [2][4]*huffman // of DC and AC
	restart := 0
	for seg := range metadata.Segments(source) {
		p := seg.Payload
		switch seg.Marker {
		case markerSOF0, markerSOF1:
			f = readFrame(p)
		case markerDHT:
			readTables(p, &tables)
		case markerDRI:
			if len(p) >= 2 {
				restart = int(binary.BigEndian.Uint16(p))
			}
		case markerSOS:
			if f == nil {
				return nil, nil
			}
			return f.scan(p, seg.Coded, &tables, restart)
		}
	}
	return nil, nil
}

// frame is a frame header.
type frame struct {
	width, height int
	parts         []part
	h, v          int // the largest of the parts
}

// part is a component: its name and how many blocks of it a unit has.
type part struct {
	id   byte
	h, v int
}

// readFrame reads a header of 8 bits a sample, or gives nil.
func readFrame(p []byte) *frame {
	if len(p) < 6 || p[0] != 8 || len(p) < 6+3*int(p[5]) {
		return nil
	}
	f := &frame{height: int(binary.BigEndian.Uint16(p[1:])), width: int(binary.BigEndian.Uint16(p[3:]))}
	for i := range int(p[5]) {
		c := p[6+3*i:]
		f.parts = append(f.parts, part{id: c[0], h: int(c[1] >> 4), v: int(c[1] & 15)})
		f.h, f.v = max(f.h, int(c[1]>>4)), max(f.v, int(c[1]&15))
	}
	if f.h == 0 || f.v == 0 || f.width == 0 || f.height == 0 {
		return nil
	}
	return f
}

// scan plans how a scan with all parts of the frame is read.
func (f *frame) scan(p, coded []byte, tables *[2][4]*huffman, restart int) (*sequential, []byte) {
	if len(p) < 1 || int(p[0]) != len(f.parts) || len(p) < 1+2*len(f.parts) {
		return nil, nil
	}
	s := &sequential{units: cover(f.width, 8*f.h) * cover(f.height, 8*f.v)}
	for i, c := range f.parts {
		id, which := p[1+2*i], p[2+2*i]
		k := coder{dc: tables[0][which>>4&3], ac: tables[1][which&3]}
		if id != c.id || k.dc == nil || k.ac == nil {
			return nil, nil
		}
		for range c.h * c.v {
			s.plan = append(s.plan, k)
		}
	}
	if len(f.parts) == 1 { // a unit is one block, whatever the factors say
		s.plan = s.plan[:1]
		s.units = cover(f.width, 8) * cover(f.height, 8)
	}
	if restart > 0 {
		at, restarts := lastRestart(coded)
		if s.units -= restart * restarts; s.units < 1 || s.units > restart {
			return nil, nil // some are missing, which libjpeg complains of
		}
		coded = coded[at:]
	}
	return s, coded
}

// lastRestart counts the restart markers in coded data, and gives where the last one ends.
func lastRestart(coded []byte) (at, count int) {
	for i := 0; i+1 < len(coded); i++ {
		if coded[i] == 0xff && coded[i+1] >= 0xd0 && coded[i+1] <= 0xd7 {
			at, count = i+2, count+1
		}
	}
	return at, count
}

// cover is how many stretches of a size it takes to cover a length.
func cover(length, size int) int { return (length + size - 1) / size }
