package bucket

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/storage"
	"github.com/fsouza/fake-gcs-server/fakestorage"
	"google.golang.org/api/option"
)

// service is fake-gcs-server, with what it lacks: conditions on deleting, which it ignores,
// and trouble.
type service struct {
	*fakestorage.Server
	http *httptest.Server

	// trouble, if set, sees each request first and returns true when it has answered it.
	trouble atomic.Pointer[func(w http.ResponseWriter, r *http.Request, next http.Handler) bool]

	mu sync.Mutex // one change of an object at a time
}

var buckets atomic.Int32

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{}
	s.http = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.http.Close)
	host := strings.TrimPrefix(s.http.URL, "http://")
	fake, err := fakestorage.NewServerWithOptions(fakestorage.Options{NoListener: true, PublicHost: host, Writer: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Stop)
	s.Server = fake
	return s
}

func (s *service) serve(w http.ResponseWriter, r *http.Request) {
	next := http.HandlerFunc(s.answer)
	if trouble := s.trouble.Load(); trouble != nil && (*trouble)(w, r, next) {
		return
	}
	next(w, r)
}

func (s *service) answer(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodDelete {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.mayDelete(r) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusPreconditionFailed)
			fmt.Fprint(w, `{"error":{"code":412,"message":"At least one of the pre-conditions you specified did not hold."}}`)
			return
		}
	}
	s.HTTPHandler().ServeHTTP(w, r)
}

// mayDelete checks the condition of DELETE /storage/v1/b/BUCKET/o/OBJECT.
func (s *service) mayDelete(r *http.Request) bool {
	want, err := strconv.ParseInt(r.FormValue("ifGenerationMatch"), 10, 64)
	if err != nil {
		return true
	}
	bucket, object, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/storage/v1/b/"), "/o/")
	o, err := s.GetObject(bucket, object)
	return err != nil || o.Generation == want
}

// upset answers requests for as long as it returns true.
func (s *service) upset(trouble func(w http.ResponseWriter, r *http.Request, next http.Handler) bool) {
	s.trouble.Store(&trouble)
}

func (s *service) client(t *testing.T) *storage.Client {
	t.Helper()
	c, err := storage.NewClient(t.Context(),
		option.WithEndpoint(s.http.URL+"/storage/v1/"), option.WithoutAuthentication(), storage.WithXMLReads())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// open returns a new bucket.
func (s *service) open(t *testing.T, prefix string, opts Options) *Bucket {
	t.Helper()
	name := fmt.Sprintf("bucket-%d", buckets.Add(1))
	s.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: name})
	opts.WriteRate = 1e6 // the governor has tests of its own
	b, err := Open(s.client(t), "gs://"+name+prefix, opts)
	if err != nil {
		t.Fatal(err)
	}
	b.wait.Initial, b.wait.Max = time.Millisecond, 50*time.Millisecond
	return b
}

// refuse returns an answer of the service's kind.
func refuse(w http.ResponseWriter, code int, reason string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"error":{"code":%d,"message":"%s","errors":[{"reason":%q,"message":%q}]}}`, code, reason, reason, reason)
}
