package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"cloud.google.com/go/storage"
	"github.com/fsouza/fake-gcs-server/fakestorage"
	"google.golang.org/api/option"

	"burnish/worker/store/bucket"
)

// buckets is a Cloud Storage server for the programs that a test starts.
type buckets struct {
	*fakestorage.Server
	address string // host:port
	client  *storage.Client

	// trouble, if set, sees each request first and returns true when it has answered it.
	trouble atomic.Pointer[func(w http.ResponseWriter, r *http.Request) bool]
}

// newBuckets starts a server, to which the programs are led that the test starts from then on.
func newBuckets(t *testing.T, names ...string) *buckets {
	t.Helper()
	b := &buckets{}
	// The server has to know its own address before it is made.
	var server atomic.Pointer[fakestorage.Server]
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if trouble := b.trouble.Load(); trouble != nil && (*trouble)(w, r) {
			return
		}
		server.Load().HTTPHandler().ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	b.address = strings.TrimPrefix(front.URL, "http://")
	t.Setenv("STORAGE_EMULATOR_HOST", b.address)
	var err error
	b.Server, err = fakestorage.NewServerWithOptions(fakestorage.Options{NoListener: true, PublicHost: b.address, Writer: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Stop)
	server.Store(b.Server)
	b.client, err = storage.NewClient(t.Context(), option.WithEndpoint(front.URL+"/storage/v1/"),
		option.WithoutAuthentication(), storage.WithXMLReads())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.client.Close() })
	for _, name := range names {
		b.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: name})
	}
	return b
}

// open returns the store at a URL.
func (b *buckets) open(t *testing.T, url string) *bucket.Bucket {
	t.Helper()
	st, err := bucket.Open(b.client, url, bucket.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// upload puts an object into a bucket.
func (b *buckets) upload(bucket, name, content string) {
	b.CreateObject(fakestorage.Object{
		ObjectAttrs: fakestorage.ObjectAttrs{BucketName: bucket, Name: name}, Content: []byte(content),
	})
}
