package ledger

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// contentType is the registered media type of Parquet files.
const contentType = "application/vnd.apache.parquet"

// maxSegment bounds the bytes of a segment that is read. Those that Writer writes have about
// 1 MB.
const maxSegment = 256 << 20

// schema has the columns of row.
var schema = parquet.NewSchema("outcome", parquet.SchemaOf(row{}))

// maxRows bounds the outcomes of a segment, written or read.
const maxRows = 1 << 20

// encode sorts the rows of each group by key and returns them as a Parquet file, a row group for
// each, with the texts in its footer that are not empty. Pages are of version 1, columns plain or by dictionary: what every reader of Parquet
// knows, BigQuery and DuckDB among them. Gzip makes 34 bytes of an outcome; Zstandard makes 33
// but allocates five times as much, Snappy 53.
func encode(footer map[string]string, groups ...[]row) ([]byte, error) {
	var buf bytes.Buffer
	options := []parquet.WriterOption{
		schema,
		parquet.CreatedBy("burnish", "1", "ledger"),
		parquet.DataPageVersion(1),
		parquet.Compression(&parquet.Gzip),
		parquet.SortingWriterConfig(parquet.SortingColumns(parquet.Ascending("key"))),
	}
	for key, text := range footer {
		if text != "" {
			options = append(options, parquet.KeyValueMetadata(key, text))
		}
	}
	w := parquet.NewGenericWriter[row](&buf, options...)
	for _, rows := range groups {
		slices.SortStableFunc(rows, func(a, b row) int { return strings.Compare(a.Key, b.Key) })
		if _, err := w.Write(rows); err != nil {
			return nil, err
		}
		if err := w.Flush(); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

var (
	errNotParquet = errors.New("not a Parquet file, or cut off")
	errForeign    = errors.New("a Parquet file, but not of a ledger")
)

// open reads the footer of a segment. Parquet's own reader trusts a file further than a
// shared folder deserves: it allocates whatever length the footer claims and panics on some
// contradictions, hence the look ahead and the recover.
func open(data []byte) (f *parquet.File, err error) {
	defer caught(&err)
	n := len(data)
	if n < 12 || string(data[:4]) != "PAR1" || string(data[n-4:]) != "PAR1" {
		return nil, errNotParquet
	}
	if int64(binary.LittleEndian.Uint32(data[n-8:])) > int64(n-12) {
		return nil, errNotParquet
	}
	f, err = parquet.OpenFile(bytes.NewReader(data), int64(n), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, err
	}
	if n := f.NumRows(); n < 0 || n > maxRows {
		return nil, fmt.Errorf("has %d rows, more than %d", n, maxRows)
	}
	return f, checkColumns(f)
}

// checkColumns reports a column that is missing or of another type. Additional columns and
// another order do no harm.
func checkColumns(f *parquet.File) error {
	for _, want := range schema.Fields() {
		got := f.Root().Column(want.Name())
		switch {
		case got == nil:
			return fmt.Errorf("%w: it has no column %q", errForeign, want.Name())
		case !got.Leaf() || got.Repeated() || got.Type().Kind() != want.Type().Kind():
			return fmt.Errorf("%w: its column %q is not of type %s", errForeign, want.Name(), want.Type())
		}
	}
	return nil
}

// rowsOf yields the rows of a segment in their order, or those of their columns that T has. An
// error is the last thing yielded.
func rowsOf[T any](f *parquet.File) iter.Seq2[T, error] {
	return rowsIn[T](parquet.MultiRowGroup(f.RowGroups()...), f.NumRows())
}

// rowsIn yields the rows of a row group, of which there are to be so many.
func rowsIn[T any](g parquet.RowGroup, want int64) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		r, err := reader[T](g)
		if err != nil {
			yield(none, err)
			return
		}
		defer r.Close()
		var total int64
		for err != io.EOF {
			var n int
			chunk := make([]T, 256)
			n, err = read(r, chunk)
			total += int64(n)
			for _, v := range chunk[:n] {
				if !yield(v, nil) {
					return
				}
			}
			if err == nil || err == io.EOF && total == want {
				continue
			}
			if err == io.EOF {
				err = fmt.Errorf("has %d rows, not the %d that its footer states", total, want)
			}
			yield(none, err)
			return
		}
	}
}

func reader[T any](g parquet.RowGroup) (r *parquet.GenericReader[T], err error) {
	defer caught(&err)
	return parquet.NewGenericRowGroupReader[T](g), nil
}

func read[T any](r *parquet.GenericReader[T], rows []T) (n int, err error) {
	defer caught(&err)
	n, err = r.Read(rows)
	if n == 0 && err == nil {
		err = io.ErrNoProgress
	}
	return n, err
}

func caught(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("contradicts itself: %v", r)
	}
}

// mayHold reports whether a row group may hold an outcome of a reason, as far as its statistics
// tell; an empty reason is any.
func mayHold(g parquet.RowGroup, reason string) bool {
	if reason == "" {
		return true
	}
	column, ok := g.Schema().Lookup("reason")
	if !ok {
		return true
	}
	chunk, ok := g.ColumnChunks()[column.ColumnIndex].(*parquet.FileColumnChunk)
	if !ok {
		return true
	}
	least, most, ok := chunk.Bounds()
	return !ok || least.String() <= reason && reason <= most.String()
}
