package store

import (
	"bytes"
	"iter"
	"slices"
)

// names is a list of names without a string header or an allocation for each: a folder may
// hold millions.
type names struct {
	blocks [][]byte
	at     []uint64 // block, offset and length of each
}

const (
	blockBits  = 18 // of an offset in a block, which has 256 KiB
	lengthBits = 12 // of a name's length; file systems stop at 255 or 1,020 bytes
)

// add appends a name, with a slash if it is a folder's: that way the order of the names in a
// folder is that of everything in and below it.
func (n *names) add(name string, folder bool) {
	length := len(name)
	if folder {
		length++
	}
	last := len(n.blocks) - 1
	if last < 0 || len(n.blocks[last])+length > 1<<blockBits {
		n.blocks = append(n.blocks, make([]byte, 0, 1<<blockBits))
		last++
	}
	offset := len(n.blocks[last])
	n.blocks[last] = append(n.blocks[last], name...)
	if folder {
		n.blocks[last] = append(n.blocks[last], '/')
	}
	n.at = append(n.at, uint64(last)<<(blockBits+lengthBits)|uint64(offset)<<lengthBits|uint64(length))
}

func (n *names) get(at uint64) []byte {
	length := at & (1<<lengthBits - 1)
	offset := at >> lengthBits & (1<<blockBits - 1)
	return n.blocks[at>>(blockBits+lengthBits)][offset : offset+length]
}

// sorted yields the names in the order of their bytes.
func (n *names) sorted() iter.Seq[string] {
	slices.SortFunc(n.at, func(a, b uint64) int { return bytes.Compare(n.get(a), n.get(b)) })
	return func(yield func(string) bool) {
		for _, at := range n.at {
			if !yield(string(n.get(at))) {
				return
			}
		}
	}
}
