// Package geminitest stands in for the Gemini API and for Vertex AI.
//
// It speaks the wire format of both over HTTP, paints plausible results from the photos that it
// gets, misbehaves as asked, and counts what it has served and billed. It shares no code with
// the client that it tests.
package geminitest

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// Options says what the stand-in serves. Zero values are those of the model that was current in
// November 2026.
type Options struct {
	Model string         // id; "gemini-nano-banana-2.1"
	Key   string         // the only API key that is good; "test-key"
	Sides map[string]int // side of a square picture by size, pixels; 1K, 2K and 4K
	Input float64        // US dollars for a million tokens; 1.50
	Text  float64        // 7.50
	Image float64        // 30

	// BatchPolls is how often a batch is asked for before it is done; 0 means it is done at once.
	BatchPolls int
}

// Billed counts what was served and what it cost.
type Billed struct {
	Requests int // that reached the model, well-behaved or not; those of batches too
	Answers  int // that were billed
	Images   int // among them, whole pictures that were sent
	Input    int // tokens
	Text     int
	Image    int
	USD      float64
}

// Server is a stand-in that listens on this machine.
type Server struct {
	URL string

	options Options
	http    *httptest.Server

	mu      sync.Mutex
	next    []Behaviour
	decide  func(Edit) Behaviour
	billed  Billed
	bodies  [][]byte
	heads   []http.Header
	files   map[string][]byte
	batches map[string]*batch
}

// Start returns a server that behaves well until told otherwise. Close it.
func Start(o Options) *Server {
	o.Model = cmp.Or(o.Model, "gemini-nano-banana-2.1")
	o.Key = cmp.Or(o.Key, "test-key")
	o.Input, o.Text, o.Image = cmp.Or(o.Input, 1.5), cmp.Or(o.Text, 7.5), cmp.Or(o.Image, 30)
	if o.Sides == nil {
		o.Sides = map[string]int{"1K": 1024, "2K": 2048, "4K": 4096}
	}
	s := &Server{options: o, files: map[string][]byte{}, batches: map[string]*batch{}}
	s.http = httptest.NewServer(http.HandlerFunc(s.route))
	s.URL = s.http.URL
	return s
}

// Close stops the server. What it still answers is cut off.
func (s *Server) Close() {
	s.http.CloseClientConnections()
	s.http.Close()
}

// Next has the coming requests behave so, one after the other. After them all behave well, or as
// Decide says.
func (s *Server) Next(b ...Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = append(s.next, b...)
}

// Decide has requests behave as a function says, for which Next says nothing. nil ends that.
func (s *Server) Decide(f func(Edit) Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.decide = f
}

// Billed tells what was served until now.
func (s *Server) Billed() Billed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.billed
}

// Last is the newest request for an edit, as it came: its headers and its body.
func (s *Server) Last() (http.Header, []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.bodies) == 0 {
		return nil, nil
	}
	return s.heads[len(s.heads)-1], s.bodies[len(s.bodies)-1]
}

func (s *Server) behaviour(e Edit) Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.next) > 0 {
		b := s.next[0]
		s.next = s.next[1:]
		return b
	}
	if s.decide != nil {
		return s.decide(e)
	}
	return Behaviour{}
}

// maxRequest is what both services take, in bytes.
const maxRequest = 20 << 20

func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		fail(w, http.StatusRequestEntityTooLarge, "INVALID_ARGUMENT", nil)
		return
	}
	path := r.URL.Path
	vertex := strings.HasPrefix(path, "/v1beta1/projects/")
	if !vertex && r.Header.Get("X-Goog-Api-Key") != s.options.Key {
		fail(w, http.StatusBadRequest, "INVALID_ARGUMENT", []any{errorInfo("API_KEY_INVALID")})
		return
	}
	switch {
	case strings.HasSuffix(path, ":generateContent"):
		s.generate(w, r, body)
	case path == "/upload/v1beta/files":
		s.upload(w, r, body)
	case strings.HasSuffix(path, ":download"):
		s.download(w, path)
	case strings.HasSuffix(path, ":batchGenerateContent"):
		s.submit(w, body)
	case strings.HasPrefix(path, "/v1beta/batches/"):
		s.poll(w, path)
	default:
		fail(w, http.StatusNotFound, "NOT_FOUND", nil)
	}
}

// model is the model of a path, for instance /v1beta/models/MODEL:generateContent.
func model(path string) string {
	path = path[strings.LastIndexByte(path, '/')+1:]
	id, _, _ := strings.Cut(path, ":")
	return id
}

func (s *Server) generate(w http.ResponseWriter, r *http.Request, body []byte) {
	if model(r.URL.Path) != s.options.Model {
		fail(w, http.StatusNotFound, "NOT_FOUND", nil)
		return
	}
	e, err := s.parse(body)
	if err != nil {
		fail(w, http.StatusBadRequest, "INVALID_ARGUMENT", nil)
		return
	}
	s.mu.Lock()
	s.bodies, s.heads = append(s.bodies, body), append(s.heads, r.Header.Clone())
	s.mu.Unlock()
	b := s.behaviour(e)
	select {
	case <-time.After(b.Delay):
	case <-r.Context().Done():
		return
	}
	s.answer(w, e, b)
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	_ = json.NewEncoder(w).Encode(v) // a client that is gone
}
