package keylist

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"burnish/queue"
)

// parseJSON reads a string, or an object with a key or a name.
func parseJSON(line []byte) (entry, error) {
	if bytes.HasPrefix(bytes.TrimSpace(line), []byte(`"`)) {
		line = fmt.Appendf(nil, `{"key":%s}`, line)
	}
	var o struct {
		Key    *queue.Key `json:"key"`
		Name   *string    `json:"name"`
		Bucket string     `json:"bucket"`
	}
	if err := json.Unmarshal(line, &o); err != nil {
		return entry{}, fmt.Errorf("%w: %w", ErrList, err)
	}
	switch {
	case o.Key != nil:
		return entry{name: string(*o.Key), key: true}, nil
	case o.Name != nil:
		return entry{bucket: o.Bucket, name: *o.Name}, nil
	}
	return entry{}, fmt.Errorf("%w: it has neither a key nor a name", ErrList)
}

// columns say where in a CSV record the name is.
type columns struct {
	name, bucket int // -1 for none
	key          bool
	s3           bool
}

// columnsOf reads a header, or tells by a first record that is none what the columns are.
func columnsOf(record []string) (c columns, header bool) {
	c = columns{name: -1, bucket: -1}
	for i, field := range record {
		switch strings.ToLower(strings.TrimSpace(field)) {
		case "key":
			c.name, c.key = i, true
		case "name":
			if c.name < 0 {
				c.name = i
			}
		case "bucket":
			c.bucket = i
		}
	}
	switch {
	case c.name >= 0:
		return c, true
	case len(record) == 1:
		return columns{name: 0, bucket: -1, key: true}, false
	}
	return columns{name: 1, bucket: 0, s3: true}, false
}

// csv reads records of one length.
func (l *list) csv(in io.Reader) error {
	m := &meter{in: in}
	records := csv.NewReader(m)
	records.ReuseRecord = true
	var c columns
	var bucket string
	for n := 0; ; n++ {
		m.left = maxRecord
		record, err := records.Read()
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, errTooLong):
			line, _ := records.FieldPos(0)
			return fmt.Errorf("after line %d: %w: a record has more than %d bytes; is a quote without its end?", line, ErrList, maxRecord)
		case errors.As(err, new(*csv.ParseError)):
			return fmt.Errorf("%w: %w", ErrList, err)
		case err != nil:
			return err
		}
		if n == 0 {
			header := false
			if c, header = columnsOf(record); header {
				continue
			}
			if c.s3 {
				bucket = record[0]
			}
		}
		e, err := c.entry(record, bucket)
		if err == nil {
			err = l.take(e)
		}
		if err != nil {
			line, _ := records.FieldPos(0)
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
}

// entry reads a record. Reports of S3 are of one bucket, which need not be that of the photos by
// now: theirs is the first record's.
func (c columns) entry(record []string, bucket string) (entry, error) {
	e := entry{name: record[c.name], key: c.key}
	if !c.s3 {
		if c.bucket >= 0 {
			e.bucket = record[c.bucket]
		}
		return e, nil
	}
	if record[c.bucket] != bucket {
		return e, fmt.Errorf("%w: its first column is no bucket: it is %q here and %q above; write a header line with a column key or name",
			ErrList, clip(record[c.bucket]), clip(bucket))
	}
	var err error
	if e.name, err = url.QueryUnescape(e.name); err != nil {
		return e, fmt.Errorf("%w: a key as S3 writes it is URL-encoded: %w", ErrList, err)
	}
	return e, nil
}

var errTooLong = errors.New("record is too long")

// meter fails when more is read than is left. A reader of records may read a little ahead.
type meter struct {
	in   io.Reader
	left int
}

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, errTooLong
	}
	n, err := m.in.Read(p)
	m.left -= n
	return n, err
}
