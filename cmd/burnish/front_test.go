//go:build emulator

package main

import (
	"net/http"
	"sync"

	"github.com/fsouza/fake-gcs-server/fakestorage"
)

// lateHandler passes requests to a storage server that has to know its own address before it
// is made.
type lateHandler struct {
	mu     sync.Mutex
	server *fakestorage.Server
}

func (h *lateHandler) set(s *fakestorage.Server) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.server = s
}

func (h *lateHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	s := h.server
	h.mu.Unlock()
	s.HTTPHandler().ServeHTTP(w, r)
}
