package ledger

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// place is where an outcome stands and when it ended.
type place struct {
	ended int64 // microseconds
	file  int32
	row   int32
}

// compare orders outcomes of one photo; the place settles what the clock does not.
func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.ended, q.ended), cmp.Compare(p.file, q.file), cmp.Compare(p.row, q.row))
}

// entry is an outcome that takes part in a contest.
type entry struct {
	id ident
	place
}

// entrySize is that of an entry in a file, in bytes.
const entrySize = 32

// maxEntries is how many entries are kept in memory, 64 MB. More than these are laid aside in
// temporary files, 32 bytes each.
const maxEntries = 2 << 20

// contest tells of each photo's outcomes which are not the last. It sorts them, in pieces by the
// first byte of what they stand for, so that it needs the same memory for any number.
type contest struct {
	limit  int // of entries in memory
	pieces [256][]entry
	n      int    // in memory
	dir    string // of the files; empty while there are none
}

func (c *contest) add(e entry) error {
	at := e.id[0]
	c.pieces[at] = append(c.pieces[at], e)
	if c.n++; c.n < c.limit {
		return nil
	}
	return c.layAside()
}

// layAside moves what is in memory to the files.
func (c *contest) layAside() (err error) {
	if c.dir == "" {
		if c.dir, err = os.MkdirTemp("", "burnish-ledger-"); err != nil {
			return err
		}
	}
	for i, piece := range c.pieces {
		if err := c.write(i, piece); err != nil {
			return fmt.Errorf("lay outcomes aside (TMPDIR can name another folder): %w", err)
		}
		c.pieces[i] = piece[:0]
	}
	c.n = 0
	return nil
}

func (c *contest) path(i int) string { return filepath.Join(c.dir, fmt.Sprint(i)) }

func (c *contest) write(i int, piece []entry) error {
	f, err := os.OpenFile(c.path(i), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	b := make([]byte, 0, entrySize*len(piece))
	for _, e := range piece {
		b = append(b, e.id[:]...)
		b = binary.LittleEndian.AppendUint64(b, uint64(e.ended))
		b = binary.LittleEndian.AppendUint32(b, uint32(e.file))
		b = binary.LittleEndian.AppendUint32(b, uint32(e.row))
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}

// read returns a piece, what was laid aside of it too.
func (c *contest) read(i int) ([]entry, error) {
	piece := c.pieces[i]
	if c.dir == "" {
		return piece, nil
	}
	f, err := os.Open(c.path(i))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<20)
	for {
		var b [entrySize]byte
		_, err := io.ReadFull(r, b[:])
		if err == io.EOF {
			return piece, nil
		}
		if err != nil {
			return nil, err
		}
		piece = append(piece, entry{ident(b[:16]), place{
			ended: int64(binary.LittleEndian.Uint64(b[16:])),
			file:  int32(binary.LittleEndian.Uint32(b[24:])),
			row:   int32(binary.LittleEndian.Uint32(b[28:])),
		}})
	}
}

// resolve calls lose for every entry that a later one of the same photo has overtaken.
func (c *contest) resolve(lose func(place)) error {
	for i := range c.pieces {
		piece, err := c.read(i)
		if err != nil {
			return err
		}
		slices.SortFunc(piece, func(a, b entry) int {
			return cmp.Or(bytes.Compare(a.id[:], b.id[:]), a.compare(b.place))
		})
		for j := 1; j < len(piece); j++ {
			if piece[j].id == piece[j-1].id {
				lose(piece[j-1].place)
			}
		}
		c.pieces[i] = nil
	}
	return nil
}

// close removes the files.
func (c *contest) close() {
	if c.dir != "" {
		_ = os.RemoveAll(c.dir) // what stays is in the system's folder for such
	}
}

// bits is a set of row numbers.
type bits []uint64

func (b bits) set(row int32) { b[row/64] |= 1 << (row % 64) }

// has reports whether a row is in the set; one beyond its end is not.
func (b bits) has(row int32) bool { return int(row/64) < len(b) && b[row/64]>>(row%64)&1 == 1 }
