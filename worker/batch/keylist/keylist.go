// Package keylist reads lists of keys from files: lines, CSV, JSON Lines and Parquet.
//
// Inventory reports of Cloud Storage and of S3 are such lists. Files are read as a stream, so
// that their size does not matter; what a file may make grow has a bound.
package keylist

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"

	"burnish/queue"
	"burnish/worker/store"
)

// ErrList reports a file that is no list of keys, or not as a whole.
var ErrList = errors.New("not a list of keys")

// maxRecord bounds a line, or a record of several lines, in bytes. A name has 1,024 at most; a
// report adds its other columns.
const maxRecord = 64 << 10

// Place is where the photos are that a list names: in a bucket, below a prefix that is empty or
// ends with a slash. The zero value is a folder, whose lists name keys as they are.
type Place struct {
	Bucket, Prefix string
}

// entry is what a record says.
type entry struct {
	bucket string // empty where the list does not tell
	name   string // of the object
	key    bool   // the name is a key already, without the place's prefix
}

// Read yields the keys that a file lists for a place, those repeated at short distance once. What
// it lists of other places is left out; a file that lists nothing else is an error, and so is
// anything in it that is no key. An error ends the list.
//
// Files of .txt have a key a line. CSV has a header with a column key or name, or one column, or
// two and more as S3 writes them: a bucket and a URL-encoded key. JSON Lines have strings, or
// objects with a key, in the text form of keys, or a name. Parquet has a column key or name. All
// may be compressed by gzip but Parquet.
func Read(path string, place Place) iter.Seq2[queue.Key, error] {
	return func(yield func(queue.Key, error) bool) {
		l := list{place: place, yield: yield, recent: newRecent()}
		err := l.read(path)
		if err == nil && l.seen > 0 && l.here == 0 {
			err = fmt.Errorf("%w: none of its %d names is in gs://%s/%s", ErrList, l.seen, place.Bucket, place.Prefix)
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield("", fmt.Errorf("%s: %w", path, err))
		}
	}
}

// errStopped says that the loop over the keys was left.
var errStopped = errors.New("stopped")

// list is one reading of a file.
type list struct {
	place      Place
	yield      func(queue.Key, error) bool
	recent     recent
	seen, here int
}

func (l *list) read(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	start := make([]byte, 4)
	n, err := io.ReadFull(f, start)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && err != io.EOF {
		return err
	}
	if string(start[:n]) == "PAR1" {
		return l.parquet(f)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	var in io.Reader = f
	if bytes.HasPrefix(start, []byte{0x1f, 0x8b}) {
		path = strings.TrimSuffix(path, ".gz")
		if in, err = gzip.NewReader(f); err != nil {
			return fmt.Errorf("%w: %w", ErrList, err)
		}
	}
	return l.text(path, bufio.NewReaderSize(in, 64<<10))
}

// text reads a list that is none of Parquet, in the form that its name or its beginning shows.
func (l *list) text(path string, in *bufio.Reader) error {
	if mark, _ := in.Peek(3); string(mark) == "\xef\xbb\xbf" { // as spreadsheets write it
		_, _ = in.Discard(3)
	}
	first, _ := in.Peek(1)
	switch {
	case strings.HasSuffix(path, ".txt"):
		return l.lines(in, func(line []byte) (entry, error) { return entry{name: string(line), key: true}, nil })
	case strings.HasSuffix(path, ".jsonl"), strings.HasSuffix(path, ".json"), bytes.HasPrefix(first, []byte("{")):
		return l.lines(in, parseJSON)
	}
	return l.csv(in)
}

// lines reads a record a line. Empty lines are none.
func (l *list) lines(in io.Reader, parse func([]byte) (entry, error)) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxRecord)
	n := 1
	for ; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		e, err := parse(lines.Bytes())
		if err == nil {
			err = l.take(e)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("line %d: %w: it has more than %d bytes", n, ErrList, maxRecord)
	}
	return lines.Err()
}

// take yields the key of an entry, if it is one of this place.
func (l *list) take(e entry) error {
	l.seen++
	name, ok := e.name, true
	if !e.key {
		name, ok = strings.CutPrefix(e.name, l.place.Prefix)
		ok = ok && (e.bucket == "" || e.bucket == l.place.Bucket)
	}
	if !ok || strings.HasSuffix(name, "/") { // the latter only stands for a folder
		return nil
	}
	if err := store.CheckName(name); err != nil {
		return fmt.Errorf("%w: %q: %w", ErrList, clip(name), err)
	}
	l.here++
	if !l.recent.add(name) {
		return nil
	}
	if !l.yield(queue.Key(name), nil) {
		return errStopped
	}
	return nil
}

// clip shortens what a message quotes.
func clip(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return s[:most] + "..."
}
