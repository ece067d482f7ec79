package bucket

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/fsouza/fake-gcs-server/fakestorage"

	"burnish/worker/store"
	"burnish/worker/store/storetest"
)

func TestBucket(t *testing.T) {
	for name, prefix := range map[string]string{"whole bucket": "", "prefix": "/some/catalogue"} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			storetest.Run(t, func(t *testing.T) store.Store { return s.open(t, prefix, Options{}) })
		})
	}
}

func TestOpen(t *testing.T) {
	client := newService(t).client(t)
	for _, test := range []struct{ url, want string }{
		{"gs://b", "gs://b"},
		{"gs://b/", "gs://b"},
		{"gs://b/p", "gs://b/p"},
		{"gs://b/p/q/", "gs://b/p/q"},
		{"gs://", ""},
		{"gs:///p", ""},
		{"b", ""},
		{"/b/p", ""},
		{"s3://b/p", ""},
		{"gs://b/p//q", ""},
		{"gs://b/../q", ""},
		{"gs://b/\xff", ""},
	} {
		b, err := Open(client, test.url, Options{})
		switch {
		case test.want == "" && err == nil:
			t.Errorf("%q was opened as %s", test.url, b)
		case test.want != "" && (err != nil || b.String() != test.want):
			t.Errorf("%q was opened as %s, %v", test.url, b, err)
		}
	}
}

func TestNames(t *testing.T) {
	b := newService(t).open(t, "/catalogue", Options{})
	for name, ok := range map[string]bool{
		strings.Repeat("x", 1014):     true, // with the prefix, 1024
		strings.Repeat("x", 1015):     false,
		"caf\xe9.jpg":                 false,
		"a\nb":                        false,
		"a\rb":                        false,
		".well-known/acme-challenge/": false,
		"a\tb":                        true,
		"#[]*?":                       true,
	} {
		_, err := b.Write(t.Context(), name, nil, store.WriteOptions{})
		if ok && err != nil || !ok && !errors.Is(err, store.ErrName) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// One write is one request, with its condition and checksum: both are what it costs and what
// makes it safe.
func TestOneRequest(t *testing.T) {
	s := newService(t)
	b := s.open(t, "", Options{})
	var requests []string
	var body string
	s.upset(func(_ http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		requests = append(requests, r.Method+" "+r.URL.Query().Get("uploadType")+" "+r.URL.Query().Get("ifGenerationMatch"))
		data, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		body = string(data)
		r.Body = io.NopCloser(bytes.NewReader(data))
		return false
	})
	opts := store.WriteOptions{
		ContentType: "image/avif", CacheControl: "max-age=60, immutable", Metadata: map[string]string{"generation": "7"},
	}
	if _, err := b.Write(t.Context(), "o", []byte("123456789"), opts); err != nil {
		t.Fatal(err)
	}
	if want := []string{"POST multipart 0"}; !slices.Equal(requests, want) {
		t.Errorf("requests %q, want %q", requests, want)
	}
	// The check value of CRC-32C: 0xE3069283, big-endian in base64.
	for _, part := range []string{`"crc32c":"4waSgw=="`, `"metadata":{"generation":"7"}`, `"cacheControl":"max-age=60, immutable"`, "image/avif", "123456789"} {
		if !strings.Contains(body, part) {
			t.Errorf("the request lacks %s: %s", part, body)
		}
	}
}

// What is to be told to those who fetch an object is told by the service.
func TestCacheControl(t *testing.T) {
	s := newService(t)
	b := s.open(t, "", Options{})
	if _, err := b.Write(t.Context(), "o", []byte("x"), store.WriteOptions{CacheControl: "max-age=60, immutable"}); err != nil {
		t.Fatal(err)
	}
	a, err := b.bucket.Object("o").Attrs(t.Context())
	if err != nil || a.CacheControl != "max-age=60, immutable" {
		t.Errorf("got %q, %v", a.CacheControl, err)
	}
}

func TestListPages(t *testing.T) {
	s := newService(t)
	b := s.open(t, "/p", Options{})
	var want []string
	for i := range 2*page + 1 {
		name := fmt.Sprintf("%05d", i)
		want = append(want, name)
		s.create(t, b, "p/"+name, fakestorage.Object{})
	}
	for _, name := range []string{"p/", "p/00007/", "o/z", "q"} { // folders, and others' objects
		s.create(t, b, name, fakestorage.Object{})
	}
	requests := 0
	s.upset(func(http.ResponseWriter, *http.Request, http.Handler) bool {
		requests++
		return false
	})
	var got []string
	for a, err := range b.List(t.Context(), store.Range{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, a.Name)
	}
	if !slices.Equal(got, want) || requests != 3 {
		t.Errorf("%d names in %d pages, want %d in 3", len(got), requests, len(want))
	}
	requests = 0
	for a, err := range b.List(t.Context(), store.Range{From: "01500"}) {
		if err != nil || a.Name != "01500" {
			t.Errorf("%+v, %v", a, err)
		}
		break
	}
	if requests != 1 {
		t.Errorf("%d requests for the first of a range", requests)
	}
}

func (s *service) create(t *testing.T, b *Bucket, name string, o fakestorage.Object) {
	t.Helper()
	o.BucketName, o.Name = b.name, name
	s.CreateObject(o)
}

// An object that was stored compressed comes as it is: its checksum is of these bytes.
func TestCompressedObject(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprint(z, strings.Repeat("photo", 1000))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	s := newService(t)
	b := s.open(t, "", Options{})
	o := fakestorage.Object{Content: packed.Bytes()}
	o.ContentEncoding = "gzip"
	s.create(t, b, "o", o)
	data, a, err := b.Read(t.Context(), "o", store.ReadOptions{Limit: 1000})
	if err != nil || !bytes.Equal(data, packed.Bytes()) || a.Size != int64(packed.Len()) {
		t.Errorf("%d bytes, %+v, %v; want %d", len(data), a, err, packed.Len())
	}
}
