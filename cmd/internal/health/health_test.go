package health

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// ask returns the answer of a handler.
func ask[T any](t *testing.T, handle http.HandlerFunc) (int, T) {
	t.Helper()
	w := httptest.NewRecorder()
	handle(w, httptest.NewRequest("GET", "/", nil))
	var body T
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return w.Code, body
}

func TestReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var log bytes.Buffer
		h := New(slog.New(slog.NewTextHandler(&log, nil)))
		expect := func(when string, code int, says string) {
			t.Helper()
			synctest.Wait()
			got, s := ask[status](t, h.Ready)
			if got != code || s.Ready != (code == 200) || s.Checks["disk"].Error != says {
				t.Errorf("%s: %d %+v, want %d %q", when, got, s, code, says)
			}
		}
		expect("starting", 503, "")
		var broken, hangs atomic.Bool
		var asked atomic.Int32
		h.Watch(ctx, func() error { return nil }, Check{"disk", 10 * time.Second, func(ctx context.Context) error {
			asked.Add(1)
			switch {
			case hangs.Load():
				<-t.Context().Done() // whatever ctx says
			case broken.Load():
				return errors.New("full")
			}
			return nil
		}})
		expect("working", 200, "")
		for range 100 {
			h.status(time.Now())
		}
		broken.Store(true)
		time.Sleep(9 * time.Second)
		expect("before it is asked again", 200, "")
		if asked.Load() != 1 {
			t.Errorf("it was asked %d times in 9 s", asked.Load())
		}
		time.Sleep(2 * time.Second)
		expect("broken", 503, "full")
		broken.Store(false)
		time.Sleep(10 * time.Second)
		expect("mended", 200, "")
		hangs.Store(true)
		time.Sleep(30 * time.Second)
		expect("silent", 503, "does not answer for 31s")
		h.Stop()
		if _, s := ask[status](t, h.Ready); s.Phase != stopping {
			t.Errorf("after Stop its phase is %s", s.Phase)
		}
		said := log.String()
		if strings.Count(said, "\n") != 2 || !strings.Contains(said, "level=WARN msg=\"not ready\" check=disk error=full") ||
			!strings.Contains(said, "level=INFO msg=\"ready again\" check=disk after=10s") {
			t.Errorf("it logged %s", said)
		}
	})
}

func TestNeverReadyAgain(t *testing.T) {
	h := New(slog.New(slog.DiscardHandler))
	h.Stop()
	h.Watch(t.Context(), nil)
	if code, s := ask[status](t, h.Ready); code != 503 || s.Phase != stopping {
		t.Errorf("a process stopped at its start says %d %+v", code, s)
	}
}

func TestLive(t *testing.T) {
	h := New(slog.New(slog.DiscardHandler))
	stuck := errors.New("all 4 photos in hand are stuck")
	var alive error
	type answer struct {
		Live  bool
		Error string
	}
	for _, tt := range []struct {
		watch bool
		err   error
		code  int
	}{{false, nil, 200}, {true, nil, 200}, {true, stuck, 503}} {
		if tt.watch {
			alive = tt.err
			h.Watch(t.Context(), func() error { return alive })
		}
		code, got := ask[answer](t, h.Live)
		if code != tt.code || got.Live != (tt.code == 200) || (tt.err != nil && got.Error != tt.err.Error()) {
			t.Errorf("with %v: %d %+v", tt.err, code, got)
		}
	}
}
