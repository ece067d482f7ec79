package bucket

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"burnish/worker/store"
)

// breakOnce lets the first body break in its middle, and lets something happen then.
func breakOnce(s *service, then func()) *atomic.Int32 {
	var reads atomic.Int32
	s.upset(func(w http.ResponseWriter, r *http.Request, next http.Handler) bool {
		if r.Method != http.MethodGet || reads.Add(1) > 1 {
			return false
		}
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		w.Write(rec.Body.Bytes()[:rec.Body.Len()/2])
		then()
		panic(http.ErrAbortHandler)
	})
	return &reads
}

// A photo that is replaced while its body is on the way must not become a mixture.
func TestReplacedWhileItIsRead(t *testing.T) {
	for name, pinned := range map[string]bool{"the newest": false, "a generation": true} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			b := s.open(t, "", Options{})
			a, err := b.Write(t.Context(), "o", bytes.Repeat([]byte("old"), 100_000), store.WriteOptions{})
			if err != nil {
				t.Fatal(err)
			}
			reads := breakOnce(s, func() {
				if _, err := b.Write(t.Context(), "o", bytes.Repeat([]byte("new"), 100_000), store.WriteOptions{If: store.Any}); err != nil {
					t.Error(err)
				}
			})
			opts, want := store.ReadOptions{Limit: 1 << 20}, store.ErrUnavailable
			if pinned {
				opts.Generation, want = a.Generation, store.ErrNotExist
			}
			data, _, err := b.Read(t.Context(), "o", opts)
			if !errors.Is(err, want) || data != nil {
				t.Errorf("%d bytes, %v; want %v", len(data), err, want)
			}
			if reads.Load() < 2 {
				t.Errorf("the rest was not asked for: %d requests", reads.Load())
			}
		})
	}
}

// Admission is waited for as long as it takes, and not asked for again when the body breaks.
func TestAdmissionTakesItsTime(t *testing.T) {
	s := newService(t)
	b := s.open(t, "", Options{})
	body := bytes.Repeat([]byte("burnish"), 100_000)
	if _, err := b.Write(t.Context(), "o", body, store.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	breakOnce(s, func() {})
	b.opts.Total = time.Second
	asked := 0
	data, _, err := b.Read(t.Context(), "o", store.ReadOptions{Limit: 1 << 20, Admit: func(context.Context, store.Attrs) error {
		asked++
		time.Sleep(b.opts.Total)
		return nil
	}})
	if err != nil || !bytes.Equal(data, body) || asked != 1 {
		t.Errorf("%d bytes, %v, asked %d times", len(data), err, asked)
	}
}

// What is refused is not fetched: the connection is given up with the body still to come.
func TestRefusedBodyIsNotFetched(t *testing.T) {
	s := newService(t)
	b := s.open(t, "", Options{})
	body := bytes.Repeat([]byte("burnish"), 10_000_000)
	if _, err := b.Write(t.Context(), "o", body, store.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	sent := make(chan int, 1)
	s.upset(func(w http.ResponseWriter, r *http.Request, next http.Handler) bool {
		counted := &counter{ResponseWriter: w}
		next.ServeHTTP(counted, r)
		sent <- counted.n
		return true
	})
	refusal := errors.New("no room")
	_, _, err := b.Read(t.Context(), "o", store.ReadOptions{Limit: 1 << 30, Admit: func(context.Context, store.Attrs) error { return refusal }})
	if !errors.Is(err, refusal) {
		t.Errorf("got %v", err)
	}
	if n := <-sent; n >= len(body) {
		t.Errorf("all %d bytes were sent", n)
	}
}

// counter counts the bytes of a body.
type counter struct {
	http.ResponseWriter
	n int
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.n += n
	return n, err
}
