package vips

import "errors"

// huffman finds, by the next bits, a code's length (in the upper byte) and its value; 0 where no
// code begins so. Most codes are short, and found in a table that stays in the nearest cache.
type huffman struct {
	short [1 << shortest]uint16
	long  [1 << 16]uint16
}

const shortest = 9 // bits that the short table is asked by

// readTables reads the tables of one segment (T.81, B.2.4.2) as far as they are right.
func readTables(p []byte, tables *[2][4]*huffman) {
	for len(p) >= 17 {
		class, id, values := p[0]>>4&1, p[0]&3, p[17:]
		t, code, used := new(huffman), 0, 0
		for length := 1; length <= 16; length++ {
			for range int(p[length]) {
				span := 1 << (16 - length)
				if used >= len(values) || code+span > len(t.long) {
					return
				}
				for i := range span {
					t.long[code+i] = uint16(length)<<8 | uint16(values[used])
				}
				for i := code; i < code+span && length <= shortest; i += 1 << (16 - shortest) {
					t.short[i>>(16-shortest)] = t.long[i]
				}
				code, used = code+span, used+1
			}
		}
		tables[class][id] = t
		p = values[used:]
	}
}

// coder reads the blocks of one component.
type coder struct{ dc, ac *huffman }

// block passes over the codes of one block (T.81, F.2.2).
func (c coder) block(r *bitReader) error {
	size, ok := r.code(c.dc)
	if !ok {
		return errCodes
	}
	r.skip(int(size))
	for k := 1; k < 64; k++ {
		symbol, ok := r.code(c.ac)
		if !ok {
			return errCodes
		}
		run, size := int(symbol>>4), int(symbol&15)
		if size == 0 {
			if run < 15 {
				return nil
			}
			k += 15
			continue
		}
		if k += run; k > 63 {
			return errRun
		}
		r.skip(size)
	}
	return nil
}

var (
	errCodes = errors.New("a code that its table lacks")
	errRun   = errors.New("a block of more than 64 coefficients")
)

// bitReader reads coded data. Behind their end it reads zeros.
type bitReader struct {
	coded []byte
	at    int
	acc   uint64 // the next bits, from the top
	n     int    // of them
	over  bool   // more bits were taken than there are
}

// fill makes at least 48 bits ready, if there are so many.
func (r *bitReader) fill() {
	for r.n <= 56 && r.at < len(r.coded) {
		b := r.coded[r.at]
		r.at++
		if b == 0xff {
			if r.at < len(r.coded) && r.coded[r.at] != 0 {
				r.at = len(r.coded) // fill bytes before a marker
				return
			}
			r.at++
		}
		r.acc |= uint64(b) << (56 - r.n)
		r.n += 8
	}
}

// code reads one code's value. ok is false where the table has none.
func (r *bitReader) code(t *huffman) (value byte, ok bool) {
	if r.n < 16 {
		r.fill()
	}
	entry := t.short[r.acc>>(64-shortest)]
	if entry == 0 {
		entry = t.long[r.acc>>48]
	}
	r.skip(int(entry >> 8))
	return byte(entry), entry != 0
}

func (r *bitReader) skip(bits int) {
	if r.n < bits {
		r.fill()
	}
	r.acc <<= bits
	r.over = r.over || bits > r.n
	r.n = max(0, r.n-bits)
}

// padding reports whether all that is left is the end of a last byte, filled up with ones (T.81,
// F.1.2.3).
func (r *bitReader) padding() bool {
	r.fill()
	return r.n < 8 && r.at >= len(r.coded) && r.acc>>(64-r.n) == 1<<r.n-1
}
