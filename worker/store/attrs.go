package store

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"io/fs"
	"math"
	"os"
	"syscall"

	"github.com/pkg/xattr"
)

// attribute is the extended attribute that holds an object's metadata: a label as JSON.
const attribute = "user.burnish"

// label is metadata with the size and the modification time of the file that it was given to.
// An extended attribute survives whatever is done to the bytes of its file; a label that does
// not match them any more says nothing about them.
type label struct {
	Size     int64             `json:"size"`
	Modified int64             `json:"modified"` // Unix nanoseconds
	Metadata map[string]string `json:"metadata"`
}

func attrs(name string, info fs.FileInfo) Attrs {
	return Attrs{
		Name:       name,
		Size:       info.Size(),
		Generation: generation(info),
		Updated:    info.ModTime(),
	}
}

// generation is the first 63 bits of a SHA-256 of a file's size, modification time and,
// where the system tells it, change time, both in nanoseconds; 1 instead of 0.
//
// A program can set the first two back but not the change time, so that the generation
// changes whenever the bytes do, as far as the clock of the file system is fine enough: two
// changes within one tick (up to 4 ms on Linux before 6.13) look like one. Directory.Write
// avoids that by giving every file a time of its own. A generation can also change with the
// bytes still the same, after a chmod or a copy.
func generation(info fs.FileInfo) int64 {
	var b [24]byte
	binary.LittleEndian.PutUint64(b[0:], uint64(info.Size()))
	binary.LittleEndian.PutUint64(b[8:], uint64(info.ModTime().UnixNano()))
	binary.LittleEndian.PutUint64(b[16:], uint64(changeTime(info)))
	sum := sha256.Sum256(b[:])
	return max(1, int64(binary.LittleEndian.Uint64(sum[:])&math.MaxInt64))
}

// setMetadata attaches metadata to a file, whose bytes and modification time are complete,
// where the file system can hold it.
func setMetadata(f *os.File, m map[string]string) error {
	if len(m) == 0 {
		return nil
	}
	info, err := f.Stat() // tells the time as the file system rounded it
	if err != nil {
		return err
	}
	b, err := json.Marshal(label{Size: info.Size(), Modified: info.ModTime().UnixNano(), Metadata: m})
	if err != nil {
		return err
	}
	// An error is a file system without extended attributes, or without room for this one:
	// Attrs.Metadata promises nothing. A full disk shows when the file is synced.
	_ = xattr.FSet(f, attribute, b)
	return nil
}

// metadata returns what setMetadata attached, or nil if the file that info describes was
// written to since.
func metadata(f *os.File, info fs.FileInfo) map[string]string {
	b, err := xattr.FGet(f, attribute)
	if err != nil {
		return nil
	}
	var l label
	if json.Unmarshal(b, &l) != nil || l.Size != info.Size() || l.Modified != info.ModTime().UnixNano() {
		return nil // not ours, or of other bytes
	}
	return l.Metadata
}

// metadataAt returns the metadata of a regular file by name, or nil.
func metadataAt(root *os.Root, name string, info fs.FileInfo) map[string]string {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	defer f.Close()
	return metadata(f, info)
}
