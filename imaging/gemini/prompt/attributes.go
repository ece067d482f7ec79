package prompt

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// ErrNoProduct says that a catalogue has no row of a key.
var ErrNoProduct = errors.New("no such product in the catalogue file")

// maxRow bounds a row of a catalogue file, in bytes, and maxColumns its fields.
const (
	maxRow     = 64 << 10
	maxColumns = 256
)

// Find reads the attributes of one product out of a catalogue file: CSV with a header (.csv), or
// JSON lines (.jsonl) with texts, numbers and truth values. column names the field that holds the
// key. The whole file is read, one row in memory at a time, and every row is checked: a key that
// is there twice is an error, since either row may be the wrong one. So is a row that is not like
// the header, or not what the file's name says.
func Find(path, column, key string) (map[string]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var next func() (map[string]string, error)
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv":
		next, err = csvRows(f)
	case ".jsonl", ".ndjson":
		next = jsonRows(f)
	default:
		return nil, fmt.Errorf("%s: expected a .csv or .jsonl file", path)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return find(path, next, column, key)
}

// find looks for the only row of a key.
func find(path string, next func() (map[string]string, error), column, key string) (map[string]string, error) {
	var found map[string]string
	first := 0
	for row := 1; ; row++ {
		values, err := next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: row %d: %w", path, row, err)
		}
		k, ok := values[column]
		switch {
		case !ok:
			return nil, fmt.Errorf("%s: row %d has no field %q, which is to hold the key", path, row, column)
		case k != key:
		case found != nil:
			return nil, fmt.Errorf("%s: rows %d and %d have the same key; keep one", path, first, row)
		default:
			found, first = values, row
		}
	}
	if found == nil {
		return nil, fmt.Errorf("%s: %w: %q in %q", path, ErrNoProduct, key, column)
	}
	return found, nil
}

// lines hands out a file's lines, none longer than maxRow.
type lines struct {
	in   *bufio.Reader
	left int // of the row that is being read
}

// Read implements io.Reader for the CSV reader, which may read a little ahead of its row.
func (l *lines) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, fmt.Errorf("longer than %d KiB", maxRow>>10)
	}
	n, err := l.in.Read(p[:min(len(p), 4<<10)])
	l.left -= n
	return n, err
}

func csvRows(in io.Reader) (func() (map[string]string, error), error) {
	bounded := &lines{in: bufio.NewReader(in), left: maxRow}
	if bom, err := bounded.in.Peek(3); err == nil && bytes.Equal(bom, []byte("\ufeff")) {
		_, _ = bounded.in.Discard(3)
	}
	r := csv.NewReader(bounded)
	header, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("its header: %w", err)
	}
	seen := map[string]bool{}
	for _, name := range header {
		if seen[name] {
			return nil, fmt.Errorf("its header has %q twice; keep one", name)
		}
		seen[name] = true
	}
	if len(header) > maxColumns {
		return nil, fmt.Errorf("%d columns, at most %d", len(header), maxColumns)
	}
	return func() (map[string]string, error) {
		bounded.left = maxRow
		row, err := r.Read()
		if err != nil {
			return nil, err
		}
		values := make(map[string]string, len(header))
		for i, name := range header {
			values[name] = row[i]
		}
		return values, nil
	}, nil
}

func jsonRows(in io.Reader) func() (map[string]string, error) {
	scanner := bufio.NewScanner(in)
	scanner.Buffer(make([]byte, 0, 4<<10), maxRow)
	return func() (map[string]string, error) {
		for scanner.Scan() {
			if len(bytes.TrimSpace(scanner.Bytes())) > 0 {
				return jsonRow(scanner.Bytes())
			}
		}
		if err := scanner.Err(); err != nil {
			return nil, err
		}
		return nil, io.EOF
	}
}

// jsonRow reads one object of plain values. A name that is there twice is an error.
func jsonRow(line []byte) (map[string]string, error) {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber()
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("no JSON object")
	}
	values := map[string]string{}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, err
		}
		value, err := dec.Token()
		if err != nil {
			return nil, err
		}
		field := name.(string) // the decoder takes nothing else for a name
		if _, twice := values[field]; twice || len(values) >= maxColumns {
			return nil, fmt.Errorf("%q twice, or more than %d fields", field, maxColumns)
		}
		switch v := value.(type) {
		case json.Delim:
			return nil, fmt.Errorf("%q is a list or an object; expected a text, a number, true or false", field)
		case nil:
			values[field] = ""
		default:
			values[field] = fmt.Sprint(v)
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON object")
	}
	return values, nil
}
