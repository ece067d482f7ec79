package ledger_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/parquet-go/parquet-go"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", name, d)
	}
}

// segment returns a file of the outcomes as it would stand in a store.
func segment(t *testing.T, all ...ledger.Outcome) object {
	t.Helper()
	st := newMemory()
	write(t, st, all...)
	return st.object(st.names()[0])
}

func TestSchemaGolden(t *testing.T) {
	data := segment(t, mixed...).data
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintln(&b, f.Schema())
	for _, g := range f.Metadata().RowGroups {
		fmt.Fprintf(&b, "\n%d rows, sorted by %v\n", g.NumRows, f.RowGroups()[0].SortingColumns()[0].Path())
		for _, c := range g.Columns {
			fmt.Fprintln(&b, c.MetaData.PathInSchema, c.MetaData.Codec, c.MetaData.Encoding)
		}
	}
	golden(t, "schema.txt", b.String())
}

func TestCountsGolden(t *testing.T) {
	o := segment(t, mixed...)
	golden(t, "counts.json", o.attrs.Metadata["ledger"]+"\n")
	f, err := parquet.OpenFile(bytes.NewReader(o.data), int64(len(o.data)))
	if err != nil {
		t.Fatal(err)
	}
	if footer, _ := f.Lookup("ledger"); footer != o.attrs.Metadata["ledger"] {
		t.Errorf("footer has other counts than the metadata:\n%s", footer)
	}
}

func TestMetadataStaysSmall(t *testing.T) {
	reasons := []imaging.Reason{
		imaging.Corrupt, imaging.Truncated, imaging.Unsupported, imaging.TooLarge, imaging.NotFound, imaging.Malformed,
		imaging.Unavailable, imaging.Throttled, imaging.Crashed, imaging.Timeout, imaging.Internal,
	}
	for _, length := range []int{10, 50, 100, 500, 1024, 4096} {
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			var all []ledger.Outcome
			for i := range 5 {
				all = append(all, done(fmt.Sprint(i, strings.Repeat("\xff", length)), 1<<39, 1<<30, 1<<29))
				for _, r := range reasons {
					all = append(all, ended(fmt.Sprint(i, r, strings.Repeat("ß", length/2)), ledger.Failed, r, 0))
				}
			}
			o := segment(t, all...)
			if n := len(o.attrs.Metadata["ledger"]); n > 2500 || n == 0 {
				t.Errorf("%d bytes of metadata", n)
			}
			st := newMemory()
			st.Put(o.attrs, o.data)
			s, err := ledger.Summarize(t.Context(), st, batch)
			if err != nil || s.Done != 5 || len(s.Failed) != len(reasons) {
				t.Errorf("summary %+v, %v", s, err)
			}
			if length <= 50 && len(s.Savings) != 5 {
				t.Errorf("%d savings fit, want 5", len(s.Savings))
			}
		})
	}
}

func TestBadSegments(t *testing.T) {
	good := segment(t, mixed...)
	type small struct{ Key string }
	var foreign bytes.Buffer
	if err := parquet.Write(&foreign, []small{{"a"}}); err != nil {
		t.Fatal(err)
	}
	later := bytes.Replace(good.data, []byte(`"version":1`), []byte(`"version":2`), 1)
	cases := []struct {
		name string
		data []byte
		meta string
		is   error
		says string
	}{
		{"empty", nil, "", nil, "not a Parquet file, or cut off"},
		{"text", []byte("hello, this is no Parquet file"), "", nil, "not a Parquet file"},
		{"cut in half", good.data[:len(good.data)/2], "", nil, "not a Parquet file, or cut off"},
		{"first half missing", good.data[len(good.data)/2:], "", nil, "not a Parquet file"},
		{"footer of 4 GB", append(bytes.Clone(good.data[:len(good.data)-8]), "\xff\xff\xff\xffPAR1"...), "", nil, "not a Parquet file"},
		{"somebody else's", foreign.Bytes(), "", nil, `has no column "batch"`},
		{"later version", later, "", ledger.ErrVersion, "read this ledger with that version"},
		{"later version in metadata", good.data, `{"version":2,"new":true}`, ledger.ErrVersion, "its version is 2"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			st := newMemory()
			write(t, st, mixed...)
			name := ledger.Folder(batch) + "ledger/0.parquet"
			st.change(name, func(o *object) {
				o.data = c.data
				o.attrs.Metadata = map[string]string{"ledger": c.meta}
			})
			sum, err := ledger.Summarize(t.Context(), st, batch)
			checkBad(t, err, name, c.is, c.says)
			if d := cmp.Diff(mixedSummary, sum); d != "" {
				t.Errorf("summary of the others (-want +got):\n%s", d)
			}
			var rows, bad int
			for _, err := range ledger.Outcomes(t.Context(), st, batch, ledger.Filter{}) {
				if err == nil {
					rows++
					continue
				}
				bad++
				checkBad(t, err, name, c.is, c.says)
			}
			if rows != len(mixed) || bad != 1 {
				t.Errorf("%d outcomes and %d errors, want %d and 1", rows, bad, len(mixed))
			}
		})
	}
}

func checkBad(t *testing.T, err error, name string, is error, says string) {
	t.Helper()
	var bad *ledger.SegmentError
	if !errors.As(err, &bad) || bad.Name != name {
		t.Fatalf("got %v, want a SegmentError of %s", err, name)
	}
	if is != nil && !errors.Is(err, is) || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), name) {
		t.Errorf("got %q, want it to say %q", err, says)
	}
}

// TestDamage flips every 13th byte of a file, one at a time: whatever comes of it is an error that names
// the file, or outcomes, but never a panic and never a hang.
func TestDamage(t *testing.T) {
	good := segment(t, mixed...)
	found := 0
	for i := 0; i < len(good.data); i += 13 {
		st := newMemory()
		st.change(good.attrs.Name, func(o *object) {
			o.data = bytes.Clone(good.data)
			o.data[i] ^= 0xff
		})
		_, err := ledger.Summarize(t.Context(), st, batch)
		for _, e := range ledger.Outcomes(t.Context(), st, batch, ledger.Filter{}) {
			err = errors.Join(err, e)
		}
		var bad *ledger.SegmentError
		if err != nil && !errors.As(err, &bad) {
			t.Fatalf("byte %d: %v", i, err)
		}
		if err != nil {
			found++
		}
	}
	if found == 0 {
		t.Error("no damage was noticed")
	}
}

// TestOtherWriters reads a segment that DuckDB 1.5.6 has made of two of ours, with
// copy (select 2026 as year, * from 'ledger/*.parquet' order by ended) to 'duckdb.parquet':
// another column, other encodings and order, everything nullable, and no counts.
func TestOtherWriters(t *testing.T) {
	data, err := os.ReadFile("testdata/duckdb.parquet")
	if err != nil {
		t.Fatal(err)
	}
	st := newMemory()
	st.change(ledger.Folder(batch)+"ledger/all.parquet", func(o *object) { o.data = data })
	got, err := ledger.Summarize(t.Context(), st, batch)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(mixedSummary, got, cmpopts.SortSlices(func(a, b queue.Key) bool { return a < b })); d != "" {
		t.Errorf("summary (-want +got):\n%s", d)
	}
	if got := keys(t, st, ledger.Filter{Status: ledger.Failed, Reason: imaging.Corrupt}); len(got) != 2 {
		t.Errorf("corrupt photos %q, want two", got)
	}
}

func TestStoreTroubleEndsTheWalk(t *testing.T) {
	st := newMemory()
	write(t, st, mixed...)
	st.onList = func() error { return store.ErrUnavailable }
	if _, err := ledger.Summarize(t.Context(), st, batch); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Summarize: %v", err)
	}
	if _, err := ledger.Batches(t.Context(), st); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Batches: %v", err)
	}
	n := 0
	for _, err := range ledger.Latest(t.Context(), st, ledger.Filter{}) {
		if n++; !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("Latest: %v", err)
		}
	}
	if n != 1 {
		t.Errorf("Latest yielded %d times", n)
	}
}
