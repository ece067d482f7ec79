package setup

import (
	"errors"
	"fmt"
	"strings"

	"burnish/queue"
)

// Place is a folder, or what has a prefix in a bucket.
type Place struct {
	Folder string // empty for a bucket
	Bucket string
	Prefix string // empty for a whole bucket, else with a slash at its end
}

// ParsePlace reads a path, or a URL as gs://bucket or gs://bucket/prefix.
func ParsePlace(text string) (Place, error) {
	rest, ok := strings.CutPrefix(text, "gs://")
	if !ok {
		if strings.Contains(text, "://") {
			return Place{}, fmt.Errorf("%q: expected a folder, gs://bucket or gs://bucket/prefix", text)
		}
		return Place{Folder: text}, nil
	}
	name, prefix, _ := strings.Cut(rest, "/")
	prefix = strings.TrimSuffix(prefix, "/")
	if name == "" || strings.HasPrefix(prefix, "/") || strings.HasSuffix(prefix, "/") {
		return Place{}, fmt.Errorf("%q: expected gs://bucket or gs://bucket/prefix", text)
	}
	if prefix != "" {
		prefix += "/"
	}
	return Place{Bucket: name, Prefix: prefix}, nil
}

// String returns the place as ParsePlace reads it.
func (p Place) String() string {
	if p.Bucket == "" {
		return p.Folder
	}
	return strings.TrimSuffix("gs://"+p.Bucket+"/"+p.Prefix, "/")
}

// Photo tells the key of an object in the bucket, or false if it is no photo of this place:
// elsewhere, or a name that only stands for a folder.
func (p Place) Photo(bucket, object string) (queue.Key, bool) {
	key, ok := strings.CutPrefix(object, p.Prefix)
	return queue.Key(key), ok && bucket == p.Bucket && key != "" && !strings.HasSuffix(key, "/")
}

// Ends are where photos come from and where variants go to.
type Ends struct {
	Source, Dest Place
}

// ErrLoop reports ends at which Burnish would take its own output for new photos.
var ErrLoop = errors.New("it would be triggered by its own output")

// ParseEnds reads both ends and refuses those that make a loop. Folders are looked at when they
// are opened.
func ParseEnds(source, dest string) (Ends, error) {
	s, err := ParsePlace(source)
	if err != nil {
		return Ends{}, fmt.Errorf("source %w", err)
	}
	d, err := ParsePlace(dest)
	if err != nil {
		return Ends{}, fmt.Errorf("destination %w", err)
	}
	if s.Bucket != "" && s.Bucket == d.Bucket && Overlap(s.Prefix, d.Prefix) {
		return Ends{}, fmt.Errorf("source %s and destination %s: %w: give another bucket, or prefixes neither of which is within the other",
			s, d, ErrLoop)
	}
	return Ends{s, d}, nil
}

// Overlap reports whether some name can have both prefixes.
func Overlap(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }
