package keylist

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(path string, place Place) (keys []string, err error) {
	for key, e := range Read(path, place) {
		if e != nil {
			return keys, e
		}
		keys = append(keys, string(key))
	}
	return keys, nil
}

func zipped(t *testing.T, content string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	fmt.Fprint(z, content)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// ours is where the photos are in these tests.
var ours = Place{Bucket: "in", Prefix: "shop/"}

func TestRead(t *testing.T) {
	report := "project,bucket,name,generation,size\n" +
		"1,in,shop/a.jpg,7,100\n1,in,other/b.jpg,7,100\n1,out,shop/c.jpg,7,100\n1,in,\"shop/d,\"\"e\"\".jpg\",7,100\n1,in,shop/folder/,7,0\n1,in,shop/é.jpg,8,1\n"
	cases := []struct {
		name, file, content string
		want                []string
	}{
		{"lines", "l.txt", "a.jpg\n\nb, c.jpg\r\n\"d\".jpg", []string{"a.jpg", "b, c.jpg", `"d".jpg`}},
		{"one column", "l.csv", "a.jpg\nb/c.jpg\n", []string{"a.jpg", "b/c.jpg"}},
		{"one column with a header", "l.csv", "Key\na.jpg\n", []string{"a.jpg"}},
		{"with the mark of a spreadsheet", "l.csv", "\xef\xbb\xbfkey\na.jpg\n", []string{"a.jpg"}},
		{"Cloud Storage report", "l.csv", report, []string{"a.jpg", `d,"e".jpg`, "é.jpg"}},
		{"compressed", "l.csv.gz", zipped(t, report), []string{"a.jpg", `d,"e".jpg`, "é.jpg"}},
		{"compressed lines", "l.txt.gz", zipped(t, "a,b.jpg\n"), []string{"a,b.jpg"}},
		{"S3 report", "l.csv", "\"old\",\"shop/a+b%2Fc%C3%A9.jpg\",\"100\"\n\"old\",\"elsewhere/d.jpg\",\"1\"\n", []string{"a b/cé.jpg"}},
		{"JSON strings", "l.jsonl", "\"a.jpg\"\n\"b\\\\x\\\\xff.jpg\"\n", nil},
		{"JSON objects", "l.jsonl", `{"key":"a\\\\b.jpg","reason":"corrupt"}` + "\n" + `{"name":"shop/c.jpg","bucket":"in"}` + "\n" + `{"name":"shop/d.jpg","bucket":"out"}`, []string{`a\b.jpg`, "c.jpg"}},
		{"JSON by its beginning", "l", `{"key":"a.jpg"}`, []string{"a.jpg"}},
		{"repeated", "l.txt", "a\nb\na\nc\nb\n", []string{"a", "b", "c"}},
		{"nothing", "l.csv", "", nil},
		{"a header alone", "l.csv", "key\n", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := read(write(t, c.file, c.content), ours)
			if c.name == "JSON strings" { // \x alone is no text of a key
				if !errors.Is(err, ErrList) || !strings.Contains(err.Error(), "line 2") {
					t.Errorf("got %q, %v", got, err)
				}
				return
			}
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestReadParquet(t *testing.T) {
	type reported struct {
		Bucket string `parquet:"bucket,optional"`
		Name   string `parquet:"name,optional"`
		Size   int64  `parquet:"size"`
	}
	file := func(rows ...reported) string {
		var b bytes.Buffer
		w := parquet.NewGenericWriter[reported](&b, parquet.MaxRowsPerRowGroup(400))
		if _, err := w.Write(rows); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	var rows []reported
	var want []string
	for i := range 1000 {
		rows = append(rows, reported{"in", fmt.Sprintf("shop/%04d", i), 1}, reported{"out", fmt.Sprintf("shop/%04d", i), 1})
		want = append(want, fmt.Sprintf("%04d", i))
	}
	good := file(rows...)
	if got, err := read(write(t, "l.parquet", good), ours); err != nil || !slices.Equal(got, want) {
		t.Errorf("%d keys, %v", len(got), err)
	}
	var keyed bytes.Buffer
	err := parquet.Write(&keyed, []struct {
		Key string `parquet:"key"`
	}{{"a"}, {"b"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := read(write(t, "l", keyed.String()), ours); err != nil || !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("%q, %v", got, err)
	}
	var other bytes.Buffer
	if err := parquet.Write(&other, []struct{ Name int64 }{{1}}); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"no such column": other.String(),
		"cut off":        good[:len(good)/2],
		"the mark alone": "PAR1",
		"torn":           good[:100] + strings.Repeat("\xff", 2000) + good[2100:],
	} {
		if _, err := read(write(t, "l.parquet", content), ours); !errors.Is(err, ErrList) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzRead feeds it anything: it may refuse, but not crash, and yields no name that no store can
// hold.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"key\na\n", `{"key":"a"}`, "b,k\n", "PAR1", "\x1f\x8b", "\"", "a\x00b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, content string) {
		for _, name := range []string{"l", "l.txt", "l.jsonl"} {
			keys, _ := read(write(t, name, content), ours)
			for _, key := range keys {
				if key == "" || strings.ContainsRune(key, 0) {
					t.Errorf("key %q", key)
				}
			}
		}
	})
}

func TestRefuses(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	cases := []struct{ name, file, content, says string }{
		{"no such file", "", "", "no such file"},
		{"a folder", ".", "", "is a directory"},
		{"a huge line", "l.txt", "a\n" + long, "line 2"},
		{"a huge record", "l.csv", "key,note\na," + long + "\n", "more than 65536 bytes"},
		{"a quote without its end", "l.csv", "key\n\"a\n" + strings.Repeat("b\n", 100_000), "a quote without its end"},
		{"records of two lengths", "l.csv", "key,size\na,1\nb\n", "wrong number of fields"},
		{"neither a header nor S3", "l.csv", "a.jpg,100\nb.jpg,100\n", "write a header line"},
		{"not URL-encoded", "l.csv", "in,a%zz.jpg\n", "URL-encoded"},
		{"JSON that is none", "l.jsonl", "{\"key\":\"a\"}\n{", "line 2"},
		{"JSON of something else", "l.jsonl", `{"path":"a"}`, "neither a key nor a name"},
		{"gzip that is none", "l.csv.gz", "\x1f\x8bnonsense", "not a list"},
		{"gzip that is cut off", "l.txt.gz", zipped(t, strings.Repeat("a b c\n", 10_000))[:60], "unexpected EOF"},
		{"a name that climbs", "l.txt", "../../etc/passwd\n", "segment"},
		{"a zero byte", "l.txt", "a\x00b\n", "zero byte"},
		{"another bucket's report", "l.csv", "bucket,name\nout,shop/a.jpg\nin,hats/b.jpg\n", "none of its 2 names is in gs://in/shop/"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), c.file, "none")
			if c.file == "." {
				path = t.TempDir()
			} else if c.file != "" {
				path = write(t, c.file, c.content)
			}
			if keys, err := read(path, ours); err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %.3q, %v; want %q", keys, err, c.says)
			}
		})
	}
}

// TestMemoryIsFlat reads a long list, in which all is new.
func TestMemoryIsFlat(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(f, "key,note")
	const n = 1_500_000
	for i := range n {
		fmt.Fprintf(f, "photos/%d.jpg,%020d\n", i, i)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	var before, most runtime.MemStats
	runtime.ReadMemStats(&before)
	i := 0
	for _, err := range Read(path, Place{}) {
		if err != nil {
			t.Fatal(err)
		}
		if i++; i%500_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&most)
			if grown := int64(most.HeapAlloc) - int64(before.HeapAlloc); grown > 100<<20 {
				t.Errorf("%d MiB after %d keys", grown>>20, i)
			}
		}
	}
	if i != n {
		t.Errorf("%d keys", i)
	}
}
