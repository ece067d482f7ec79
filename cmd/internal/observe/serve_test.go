package observe

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"burnish/cmd/internal/health"
)

func TestServe(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	metrics, h := NewRegistry("v1"), health.New(log)
	metrics.MustRegister(h)
	s, err := Serve("127.0.0.1:0", metrics, h, log)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, tt := range []struct {
		path   string
		status int
		says   string
	}{
		{"/metrics", 200, `burnish_build_info{version="v1"} 1`},
		{"/metrics", 200, "burnish_ready 0"},
		{"/metrics", 200, "go_goroutines"},
		{"/healthz", 200, `"live": true`},
		{"/readyz", 503, `"phase": "starting"`},
		{"/debug/pprof/", 404, ""},
	} {
		res, err := http.Get("http://" + s.Addr + tt.path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != tt.status || !strings.Contains(string(body), tt.says) {
			t.Errorf("%s: %d, %v; want %d and %q in\n%s", tt.path, res.StatusCode, err, tt.status, tt.says, body)
		}
	}
	if other, err := Serve(s.Addr, metrics, h, log); err == nil {
		other.Close()
		t.Error("an address can be used twice")
	}
}

func TestProfilesAreLocal(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	for _, address := range []string{":6060", "0.0.0.0:6060", "[::]:6060", "10.0.0.1:6060", "example.com:6060"} {
		if _, err := ServeProfiles(address, log); !errors.Is(err, ErrNotLocal) {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{"127.0.0.1:0", "localhost:0"} {
		s, err := ServeProfiles(address, log)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		s.Close()
	}
	if _, err := ServeProfiles("6060", log); err == nil || errors.Is(err, ErrNotLocal) {
		t.Errorf("without a host: %v", err)
	}
}
