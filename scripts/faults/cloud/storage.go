package cloud

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/fsouza/fake-gcs-server/fakestorage"

	"burnish/scripts/faults/check"
)

// Processes knows the process that reaches a service through an address of this machine.
type Processes interface {
	// Kill ends it at once, or returns false if it is to be spared.
	Kill(through string) bool
	// Awake reports whether it runs.
	Awake(through string) bool
}

// Storage is a Cloud Storage server in this process, with a front that breaks things.
type Storage struct {
	Server *fakestorage.Server // without the front

	host    string // which the server believes to have
	dice    *Dice
	chances []int
	process Processes
	log     *faultLog
	http    *http.Server

	mu     sync.Mutex // held while an object is written, so that writes has them in their order
	writes []check.Write
}

// The faults of storage, in the order of storageChances.
const (
	throttled = iota + 1
	unavailable
	reset
	half
	lost
	slow
	late
	killBefore
	killAfter
)

// storageChances are in thousandths of all requests.
var (
	storageFaults  = []string{"429", "503", "reset", "half an answer", "lost answer", "slow", "late", "kill before", "kill after"}
	storageChances = []int{15, 15, 10, 5, 15, 40, 4, 3, 6}
)

const (
	slowest = 400 * time.Millisecond
	// latest is how long a request may be on its way: longer than the lease of the worker that
	// sent it, and gave up or died since.
	latest = 15 * time.Second
)

// NewStorage starts a server that holds nothing. Close must be called.
func NewStorage(dice *Dice, process Processes) (*Storage, error) {
	s := &Storage{host: "storage.googleapis.com", dice: dice, chances: storageChances, process: process, log: newFaultLog()}
	var err error
	s.Server, err = fakestorage.NewServerWithOptions(fakestorage.Options{NoListener: true, PublicHost: s.host, Writer: io.Discard})
	if err != nil {
		return nil, err
	}
	s.http = &http.Server{Handler: s}
	return s, nil
}

// Listen opens another address of the front, as STORAGE_EMULATOR_HOST takes it. Each process has
// its own: so the front knows who asks.
func (s *Storage) Listen() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() { _ = s.http.Serve(l) }() // until Close
	return l.Addr().String(), nil
}

// Close ends the server.
func (s *Storage) Close() {
	_ = s.http.Close()
	s.Server.Stop()
}

// Faults counts what was met, by name.
func (s *Storage) Faults() map[string]int { return s.log.counts() }

// Writes are those that took place, in their order.
func (s *Storage) Writes() []check.Write {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.writes)
}

// ServeHTTP carries out a request, or not, and answers it, or not.
func (s *Storage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	through := r.Context().Value(http.LocalAddrContextKey).(net.Addr).String()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has gone before it had asked
	}
	// What the server has taken in, it carries out whether or not the client is still there.
	r = r.WithContext(context.WithoutCancel(r.Context()))
	r.Body = io.NopCloser(bytes.NewReader(body))
	fault := s.dice.draw(s.chances)
	if fault != 0 && s.meets(w, r, through, fault) {
		return
	}
	send(w, s.carryOut(r))
}

// meets lets a request meet a fault, and reports whether that was its end.
func (s *Storage) meets(w http.ResponseWriter, r *http.Request, through string, fault int) bool {
	if fault == killBefore || fault == killAfter {
		if r.Method != http.MethodPost {
			return false // a process that reads leaves nothing half done
		}
		if fault == killAfter {
			s.carryOut(r)
		}
		if s.process.Kill(through) {
			s.log.count(storageFaults[fault-1])
		}
		hangUp(w)
		return true
	}
	s.log.count(storageFaults[fault-1])
	switch fault {
	case throttled:
		if s.dice.N(4) == 0 {
			w.Header().Set("Retry-After", "1")
		}
		refuse(w, http.StatusTooManyRequests, "rateLimitExceeded")
	case unavailable:
		refuse(w, http.StatusServiceUnavailable, "backendError")
	case reset:
		hangUp(w)
	case half:
		a := s.carryOut(r)
		a.Header().Set("Content-Length", strconv.Itoa(a.Body.Len()))
		a.Body.Truncate(a.Body.Len() / 2)
		send(w, a)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case lost:
		s.carryOut(r)
		hangUp(w)
	case slow:
		time.Sleep(s.dice.UpTo(slowest))
		return false
	case late:
		time.Sleep(s.dice.UpTo(latest))
		return false
	}
	return true
}

// carryOut has the server do what is asked.
func (s *Storage) carryOut(r *http.Request) *httptest.ResponseRecorder {
	r.Host = s.host
	a := httptest.NewRecorder()
	if r.Method == http.MethodGet {
		s.Server.HTTPHandler().ServeHTTP(a, r)
		return a
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Server.HTTPHandler().ServeHTTP(a, r)
	if r.Method == http.MethodPost && a.Code == http.StatusOK {
		s.note(a.Body.Bytes())
	}
	return a
}

// note writes down an object that was written, from the answer that describes it.
func (s *Storage) note(answer []byte) {
	var o struct {
		Name       string
		Generation int64 `json:",string"`
		Metadata   map[string]string
	}
	if json.Unmarshal(answer, &o) != nil || o.Name == "" {
		return // not an upload
	}
	source, _ := strconv.ParseInt(o.Metadata["generation"], 10, 64) // a segment has none
	s.writes = append(s.writes, check.Write{
		Object: o.Name, Generation: o.Generation, Source: source,
	})
}

func send(w http.ResponseWriter, a *httptest.ResponseRecorder) {
	for k, v := range a.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(a.Code)
	_, _ = w.Write(a.Body.Bytes()) // to a client that may have gone
}

// refuse answers as the service does.
//
// https://docs.cloud.google.com/storage/docs/json_api/v1/status-codes
func refuse(w http.ResponseWriter, code int, reason string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{
		"code": code, "message": reason, "errors": []map[string]string{{"reason": reason, "message": reason}},
	}})
}

// hangUp resets the connection.
func hangUp(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // which ends the connection too, if less rudely
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
