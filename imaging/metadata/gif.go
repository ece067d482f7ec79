package metadata

import "bytes"

// findGIF finds the XMP application extension: the packet stands there as it is, its bytes
// doubling as the lengths of sub-blocks, with a trailer that leads every reader out.
func findGIF(source []byte) blocks {
	var b blocks
	if len(source) < 13 || !bytes.HasPrefix(source, []byte("GIF8")) {
		return b
	}
	data := source[13:]
	if flags := source[10]; flags&0x80 != 0 {
		data = after(data, 3<<(flags&7+1)) // the global colour table
	}
	for len(data) >= 2 {
		switch data[0] {
		case 0x21: // extension
			label := data[1]
			start := data[2:]
			data = afterSubBlocks(start)
			if label == 0xff && len(start) > 12 && bytes.HasPrefix(start, []byte("\x0bXMP DataXMP")) {
				b.addXMP(untilTrailer(start[12 : len(start)-len(data)]))
			}
		case 0x2c: // image
			if len(data) < 11 {
				return b
			}
			flags := data[9]
			data = data[10:]
			if flags&0x80 != 0 {
				data = after(data, 3<<(flags&7+1))
			}
			data = afterSubBlocks(after(data, 1))
		default:
			return b
		}
	}
	return b
}

func untilTrailer(b []byte) []byte {
	if i := bytes.Index(b, []byte{0x01, 0xff, 0xfe, 0xfd}); i >= 0 {
		return b[:i]
	}
	return b
}

// after is what follows the first n bytes.
func after(b []byte, n int) []byte { return b[min(n, len(b)):] }

// afterSubBlocks is what follows a chain of sub-blocks and its end.
func afterSubBlocks(b []byte) []byte {
	for len(b) > 0 && b[0] != 0 {
		b = after(b, 1+int(b[0]))
	}
	return after(b, 1)
}
