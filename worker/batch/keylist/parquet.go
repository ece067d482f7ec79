package keylist

import (
	"fmt"
	"io"
	"os"

	"github.com/parquet-go/parquet-go"
)

// parquet reads the column key or name, and bucket beside it, a page at a time.
func (l *list) parquet(f *os.File) (err error) {
	defer func() {
		if r := recover(); r != nil { // the library's way to meet some damage
			err = fmt.Errorf("%w: damaged Parquet: %v", ErrList, r)
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	file, err := parquet.OpenFile(f, info.Size())
	if err != nil {
		return fmt.Errorf("%w: %w", ErrList, err)
	}
	name, isKey := leaf(file, "key"), true
	if name < 0 {
		name, isKey = leaf(file, "name"), false
	}
	if name < 0 {
		return fmt.Errorf("%w: it has no column of texts that is called key or name", ErrList)
	}
	bucket := leaf(file, "bucket")
	for _, group := range file.RowGroups() {
		if err := l.group(group, name, bucket, isKey); err != nil {
			return err
		}
	}
	return nil
}

// leaf is the number of the column of texts with a name, or -1.
func leaf(file *parquet.File, name string) int {
	column, ok := file.Schema().Lookup(name)
	if !ok || column.Node.Type().Kind() != parquet.ByteArray || column.Node.Repeated() {
		return -1
	}
	return column.ColumnIndex
}

func (l *list) group(group parquet.RowGroup, name, bucket int, isKey bool) error {
	names := newValues(group.ColumnChunks()[name])
	defer names.close()
	var buckets *values
	if bucket >= 0 && !isKey {
		buckets = newValues(group.ColumnChunks()[bucket])
		defer buckets.close()
	}
	for {
		v, err := names.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrList, err)
		}
		e := entry{name: v, key: isKey}
		if buckets != nil {
			if e.bucket, err = buckets.next(); err != nil {
				return fmt.Errorf("%w: column bucket: %w", ErrList, err)
			}
		}
		if err := l.take(e); err != nil {
			return err
		}
	}
}

// values reads a column one by one.
type values struct {
	pages parquet.Pages
	page  parquet.ValueReader
	buf   []parquet.Value
	have  []parquet.Value // of buf, not yet read
}

func newValues(c parquet.ColumnChunk) *values {
	return &values{pages: c.Pages(), buf: make([]parquet.Value, 256)}
}

func (v *values) next() (string, error) {
	for len(v.have) == 0 {
		if v.page == nil {
			page, err := v.pages.ReadPage()
			if err != nil {
				return "", err
			}
			v.page = page.Values()
		}
		n, err := v.page.ReadValues(v.buf)
		v.have = v.buf[:n]
		switch {
		case err == io.EOF:
			v.page = nil
		case err != nil:
			return "", err
		}
	}
	text := string(v.have[0].ByteArray())
	v.have = v.have[1:]
	return text, nil
}

func (v *values) close() { _ = v.pages.Close() }
