package bucket

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"

	"burnish/worker/store"
)

// operations is one of each, on an object "o" that exists at the given generation.
func operations(t *testing.T, b *Bucket, generation int64) map[string]func(ctx context.Context) error {
	t.Helper()
	return map[string]func(ctx context.Context) error{
		"read": func(ctx context.Context) error {
			_, _, err := b.Read(ctx, "o", store.ReadOptions{Generation: generation, Limit: 100})
			return err
		},
		"stat": func(ctx context.Context) error { _, err := b.Stat(ctx, "o"); return err },
		"write": func(ctx context.Context) error {
			_, err := b.Write(ctx, "new", []byte("x"), store.WriteOptions{})
			return err
		},
		"delete": func(ctx context.Context) error { return b.Delete(ctx, "o", store.Condition(generation)) },
		"list": func(ctx context.Context) error {
			for _, err := range b.List(ctx, store.Range{}) {
				return err
			}
			return errors.New("nothing is listed")
		},
	}
}

// each runs every operation against a service of its own. The bounds of opts hold from then
// on: a slow machine may take its time until the trouble starts.
func each(t *testing.T, opts Options, run func(t *testing.T, s *service, op func(context.Context) error)) {
	t.Helper()
	for _, name := range []string{"read", "stat", "write", "delete", "list"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // they mostly wait
			s := newService(t)
			b := s.open(t, "", Options{})
			a, err := b.Write(t.Context(), "o", []byte("bytes"), store.WriteOptions{})
			if err != nil {
				t.Fatal(err)
			}
			b.opts.Attempt, b.opts.Total = cmp.Or(opts.Attempt, b.opts.Attempt), cmp.Or(opts.Total, b.opts.Total)
			run(t, s, operations(t, b, a.Generation)[name])
		})
	}
}

func TestTroubleThatPasses(t *testing.T) {
	for _, code := range []int{408, 429, 500, 502, 503, 504} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			each(t, Options{}, func(t *testing.T, s *service, op func(context.Context) error) {
				var n atomic.Int32
				s.upset(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) bool {
					if n.Add(1) > 2 {
						return false
					}
					refuse(w, code, "trouble")
					return true
				})
				if err := op(t.Context()); err != nil || n.Load() != 3 {
					t.Errorf("after %d requests: %v", n.Load(), err)
				}
			})
		})
	}
}

func TestTroubleIsTold(t *testing.T) {
	for code, want := range map[int]error{429: store.ErrThrottled, 503: store.ErrUnavailable, 412: nil} {
		var told []error
		s := newService(t)
		b := s.open(t, "", Options{Troubled: func(fact error) { told = append(told, fact) }})
		n := 0
		s.upset(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) bool {
			if n++; n > 2 {
				return false
			}
			refuse(w, code, "trouble")
			return true
		})
		_, err := b.Stat(t.Context(), "none")
		expect := []error{want, want}
		if want == nil { // an answer, not trouble
			expect = nil
		}
		if !slices.Equal(told, expect) {
			t.Errorf("%d: it told of %v, want %v; the error is %v", code, told, expect, err)
		}
	}
}

func TestTroubleThatStays(t *testing.T) {
	for _, test := range []struct {
		name   string
		code   int
		reason string
		after  string
		want   error
		once   bool
		json   bool // an answer that only the JSON interface gives; reading uses XML
	}{
		{"unavailable", 503, "backendError", "", store.ErrUnavailable, false, false},
		{"throttled", 429, "rateLimitExceeded", "", store.ErrThrottled, false, false},
		{"throttled, the old way", 403, "userRateLimitExceeded", "", store.ErrThrottled, false, true},
		{"longer than there is time", 429, "rateLimitExceeded", "3600", store.ErrThrottled, true, false},
		{"not allowed", 403, "forbidden", "", store.ErrDenied, true, false},
		{"not known", 401, "required", "", store.ErrDenied, true, false},
		{"condition", 412, "conditionNotMet", "", store.ErrCondition, true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			each(t, Options{Total: time.Second}, func(t *testing.T, s *service, op func(context.Context) error) {
				var n atomic.Int32
				s.upset(func(w http.ResponseWriter, r *http.Request, next http.Handler) bool {
					if json := strings.HasPrefix(r.URL.Path, "/storage/") || strings.HasPrefix(r.URL.Path, "/upload/"); test.json && !json {
						return false
					}
					n.Add(1)
					if test.after != "" {
						w.Header().Set("Retry-After", test.after)
					}
					refuse(w, test.code, test.reason)
					return true
				})
				err := op(t.Context())
				if n.Load() == 0 && err == nil {
					return // asked by the other interface
				}
				if !errors.Is(err, test.want) || !strings.Contains(err.Error(), "gs://bucket-") {
					t.Errorf("got %v, want %v", err, test.want)
				}
				if (n.Load() == 1) != test.once {
					t.Errorf("%d requests", n.Load())
				}
			})
		})
	}
}

// hang lets requests wait until the client gives up.
func hang(_ http.ResponseWriter, r *http.Request, _ http.Handler) bool {
	io.Copy(io.Discard, r.Body) // only then the server notices that the client has gone
	<-r.Context().Done()
	return true
}

func TestNoAnswer(t *testing.T) {
	each(t, Options{Attempt: 100 * time.Millisecond, Total: time.Second}, func(t *testing.T, s *service, op func(context.Context) error) {
		s.upset(hang)
		if err := op(t.Context()); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
	})
}

func TestCancelledWhileWaiting(t *testing.T) {
	each(t, Options{}, func(t *testing.T, s *service, op func(context.Context) error) {
		ctx, cancel := context.WithCancel(t.Context())
		s.upset(func(w http.ResponseWriter, r *http.Request, next http.Handler) bool {
			cancel()
			return hang(w, r, next)
		})
		if err := op(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, store.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
	})
}

func TestNoBucket(t *testing.T) {
	s := newService(t)
	b, err := Open(s.client(t), "gs://never-made", Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, op := range operations(t, b, 0) {
		t.Run(name, func(t *testing.T) {
			if name == "write" {
				// The fake makes the bucket that is missing; the service answers this.
				s.upset(func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
					if r.Method == http.MethodPost {
						refuse(w, 404, "notFound")
					}
					return r.Method == http.MethodPost
				})
				defer s.trouble.Store(nil)
			}
			err := op(t.Context())
			if err == nil || errors.Is(err, store.ErrNotExist) || !strings.Contains(err.Error(), "bucket does not exist") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// loseReplies carries out the first change and then drops the connection.
func loseReplies(s *service) *atomic.Int32 {
	var changes atomic.Int32
	s.upset(func(_ http.ResponseWriter, r *http.Request, next http.Handler) bool {
		if r.Method == http.MethodGet || changes.Add(1) > 1 {
			return false
		}
		next.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	})
	return &changes
}

func TestLostReply(t *testing.T) {
	meta := map[string]string{"fingerprint": "f"}
	for _, test := range []struct {
		name string
		cond func(b *Bucket) store.Condition
	}{
		{"create", func(*Bucket) store.Condition { return store.Absent }},
		{"replace", func(b *Bucket) store.Condition {
			a, err := b.Write(t.Context(), "o", []byte("old"), store.WriteOptions{})
			if err != nil {
				t.Fatal(err)
			}
			return store.Condition(a.Generation)
		}},
		{"whatever there is", func(*Bucket) store.Condition { return store.Any }},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newService(t)
			b := s.open(t, "", Options{})
			cond := test.cond(b)
			changes := loseReplies(s)
			a, err := b.Write(t.Context(), "o", []byte("new"), store.WriteOptions{If: cond, Metadata: meta})
			if err != nil || changes.Load() != 2 {
				t.Fatalf("after %d requests: %v", changes.Load(), err)
			}
			data, there, err := b.Read(t.Context(), "o", store.ReadOptions{Generation: a.Generation, Limit: 10})
			if err != nil || string(data) != "new" || there.Metadata["fingerprint"] != "f" {
				t.Errorf("got %q, %+v, %v", data, there, err)
			}
			if err := b.Delete(t.Context(), "o", store.Condition(a.Generation)); err != nil {
				t.Errorf("the generation that was returned is not the object's: %v", err)
			}
		})
	}
}

// What stands there after a lost reply may be somebody else's.
func TestLostRace(t *testing.T) {
	for name, other := range map[string]store.WriteOptions{
		"other bytes":         {If: store.Any},
		"same bytes, not his": {If: store.Any, Metadata: map[string]string{"fingerprint": "other"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			b := s.open(t, "", Options{})
			first := true
			s.upset(func(w http.ResponseWriter, r *http.Request, next http.Handler) bool {
				if r.Method != http.MethodPost || !first {
					return false
				}
				first = false
				data := "his"
				if other.Metadata != nil {
					data = "mine"
				}
				if _, err := b.Write(t.Context(), "o", []byte(data), other); err != nil {
					t.Error(err)
				}
				panic(http.ErrAbortHandler)
			})
			_, err := b.Write(t.Context(), "o", []byte("mine"), store.WriteOptions{})
			if !errors.Is(err, store.ErrCondition) {
				t.Errorf("got %v, want %v", err, store.ErrCondition)
			}
		})
	}
}

func TestLostReplyOfDelete(t *testing.T) {
	s := newService(t)
	b := s.open(t, "", Options{})
	a, err := b.Write(t.Context(), "o", nil, store.WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	changes := loseReplies(s)
	if err := b.Delete(t.Context(), "o", store.Condition(a.Generation)); err != nil || changes.Load() != 2 {
		t.Errorf("after %d requests: %v", changes.Load(), err)
	}
}

// spoil changes the body of answers to reads.
func spoil(times int32, change func(w http.ResponseWriter, body []byte)) func(http.ResponseWriter, *http.Request, http.Handler) bool {
	var n atomic.Int32
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) bool {
		if r.Method != http.MethodGet || n.Add(1) > times {
			return false
		}
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		change(w, rec.Body.Bytes())
		return true
	}
}

func TestSpoiledReads(t *testing.T) {
	body := bytes.Repeat([]byte("burnish"), 100_000)
	for name, change := range map[string]func(http.ResponseWriter, []byte){
		"a byte is wrong": func(w http.ResponseWriter, b []byte) {
			b = bytes.Clone(b)
			b[1000] ^= 1
			w.Write(b)
		},
		"the connection breaks": func(w http.ResponseWriter, b []byte) {
			w.Write(b[:len(b)/2])
			panic(http.ErrAbortHandler)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			b := s.open(t, "", Options{})
			if _, err := b.Write(t.Context(), "o", body, store.WriteOptions{}); err != nil {
				t.Fatal(err)
			}
			s.upset(spoil(2, change))
			if data, _, err := b.Read(t.Context(), "o", store.ReadOptions{Limit: 1 << 20}); err != nil || !bytes.Equal(data, body) {
				t.Errorf("%d bytes, %v", len(data), err)
			}
			b.opts.Total = time.Second
			s.upset(spoil(1000, change))
			if data, _, err := b.Read(t.Context(), "o", store.ReadOptions{Limit: 1 << 20}); !errors.Is(err, store.ErrUnavailable) || data != nil {
				t.Errorf("%d bytes, %v", len(data), err)
			}
		})
	}
}

func TestMeaningOfClientErrors(t *testing.T) {
	for _, test := range []struct {
		err    error
		fact   error
		passes bool
	}{
		{storage.ErrObjectNotExist, store.ErrNotExist, false},
		{fmt.Errorf("%w: %w", storage.ErrObjectNotExist, &googleapi.Error{Code: 404}), store.ErrNotExist, false},
		{storage.ErrBucketNotExist, nil, false},
		{&googleapi.Error{Code: 400}, nil, false},
		{io.ErrUnexpectedEOF, store.ErrUnavailable, true},
		{context.DeadlineExceeded, store.ErrUnavailable, true},
		{stated{store.ErrTooLarge}, nil, false},
	} {
		if fact, passes := meaning(test.err); fact != test.fact || passes != test.passes {
			t.Errorf("%v means %v, passes: %v", test.err, fact, passes)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for value, want := range map[string]time.Duration{"": 0, "7": 7 * time.Second, "-1": 0, "soon": 0, "99999999999": 65535 * time.Second} {
		err := fmt.Errorf("wrapped: %w", &googleapi.Error{Header: http.Header{"Retry-After": {value}}})
		if got := retryAfter(err); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}

// An operation ends after so many tries, however much time there is.
func TestTriesAreBounded(t *testing.T) {
	each(t, Options{Total: time.Hour}, func(t *testing.T, s *service, op func(context.Context) error) {
		var n atomic.Int32
		s.upset(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) bool {
			n.Add(1)
			refuse(w, 503, "backendError")
			return true
		})
		if err := op(t.Context()); !errors.Is(err, store.ErrUnavailable) || n.Load() != 20 {
			t.Errorf("after %d requests: %v", n.Load(), err)
		}
	})
}

// The governor hears of every complaint about a write, and of none about a read.
func TestGovernorLearns(t *testing.T) {
	s := newService(t)
	b := s.open(t, "", Options{})
	before := b.writes.limiter.Limit()
	var n atomic.Int32
	s.upset(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) bool {
		if n.Add(1) == 1 {
			refuse(w, 429, "rateLimitExceeded")
			return true
		}
		return false
	})
	if _, err := b.Stat(t.Context(), "o"); !errors.Is(err, store.ErrNotExist) || b.writes.limiter.Limit() != before {
		t.Errorf("after a read: %v, %v writes a second, before %v", err, b.writes.limiter.Limit(), before)
	}
	n.Store(0)
	if _, err := b.Write(t.Context(), "o", nil, store.WriteOptions{}); err != nil || b.writes.limiter.Limit() != before/2 {
		t.Errorf("after a write: %v, %v writes a second, before %v", err, b.writes.limiter.Limit(), before)
	}
}

// Credentials that are refused will be refused again.
func TestRefusedCredentials(t *testing.T) {
	s := newService(t)
	var logins atomic.Int32
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		logins.Add(1)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":"invalid_grant","error_description":"Invalid JWT Signature."}`)
	}))
	t.Cleanup(tokens.Close)
	client, err := storage.NewClient(t.Context(), option.WithEndpoint(s.http.URL+"/storage/v1/"),
		option.WithAuthCredentialsJSON(option.ServiceAccount, serviceAccount(t, tokens.URL)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	b, err := Open(client, "gs://b", Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Stat(t.Context(), "o")
	if !errors.Is(err, store.ErrDenied) || !strings.Contains(err.Error(), "invalid_grant") || logins.Load() != 1 {
		t.Errorf("after %d logins: %v", logins.Load(), err)
	}
}

// serviceAccount makes a key file whose owner asks for tokens at a URL.
func serviceAccount(t *testing.T, tokens string) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(map[string]string{
		"type":         "service_account",
		"client_email": "burnish@test-project.iam.gserviceaccount.com",
		"private_key":  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"token_uri":    tokens,
	})
	if err != nil {
		t.Fatal(err)
	}
	return data
}
