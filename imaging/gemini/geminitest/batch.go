package geminitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// A batch's requests behave as others do. Two more behaviours are a batch's own: a Behaviour with
// Fault Expired for any request of it has the whole batch expire, and results come in the reverse
// of the order of their requests.
const Expired Fault = "expired batch"

type batch struct {
	mu     sync.Mutex // held while it is asked for and worked on
	name   string
	input  []byte
	polls  int // left until it is done
	state  string
	output string // file
}

// upload serves the resumable upload of a file: a start, then chunks.
func (s *Server) upload(w http.ResponseWriter, r *http.Request, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Header.Get("X-Goog-Upload-Command") == "start" {
		id := fmt.Sprintf("upload-%d", len(s.files)+1)
		s.files[id] = []byte{}
		w.Header().Set("X-Goog-Upload-Url", s.URL+"/upload/v1beta/files?upload_id="+id)
		w.Header().Set("X-Goog-Upload-Status", "active")
		reply(w, map[string]any{})
		return
	}
	id := r.URL.Query().Get("upload_id")
	if _, known := s.files[id]; !known {
		fail(w, http.StatusNotFound, "NOT_FOUND", nil)
		return
	}
	s.files[id] = append(s.files[id], body...)
	if !strings.Contains(r.Header.Get("X-Goog-Upload-Command"), "finalize") {
		w.Header().Set("X-Goog-Upload-Status", "active")
		return
	}
	w.Header().Set("X-Goog-Upload-Status", "final")
	reply(w, map[string]any{"file": map[string]any{"name": "files/" + id, "uri": s.URL + "/v1beta/files/" + id, "state": "ACTIVE"}})
}

func (s *Server) download(w http.ResponseWriter, path string) {
	s.mu.Lock()
	data, ok := s.files[model(path)]
	s.mu.Unlock()
	if !ok {
		fail(w, http.StatusNotFound, "NOT_FOUND", nil)
		return
	}
	_, _ = w.Write(data) // a client that is gone
}

// submit takes a batch whose requests stand in a file.
func (s *Server) submit(w http.ResponseWriter, body []byte) {
	var r struct {
		Batch struct {
			DisplayName string `json:"displayName"`
			InputConfig struct {
				FileName string `json:"fileName"`
			} `json:"inputConfig"`
		} `json:"batch"`
	}
	err := json.Unmarshal(body, &r)
	s.mu.Lock()
	defer s.mu.Unlock()
	input, ok := s.files[strings.TrimPrefix(r.Batch.InputConfig.FileName, "files/")]
	if err != nil || !ok {
		fail(w, http.StatusBadRequest, "INVALID_ARGUMENT", nil)
		return
	}
	b := &batch{name: fmt.Sprintf("batches/b%d", len(s.batches)+1), input: input, polls: s.options.BatchPolls, state: "BATCH_STATE_PENDING"}
	s.batches[b.name] = b
	reply(w, b.wire())
}

// poll tells how far a batch is. It works on it when it is asked often enough.
func (s *Server) poll(w http.ResponseWriter, path string) {
	s.mu.Lock()
	b := s.batches[strings.TrimPrefix(path, "/v1beta/")]
	s.mu.Unlock()
	if b == nil {
		fail(w, http.StatusNotFound, "NOT_FOUND", nil)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.polls > 0:
		b.polls--
		b.state = "BATCH_STATE_RUNNING"
	case b.output == "" && b.state != "BATCH_STATE_EXPIRED":
		s.work(b)
	}
	reply(w, b.wire())
}

func (b *batch) wire() any {
	meta := map[string]any{"@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch", "state": b.state}
	if b.output != "" {
		meta["output"] = map[string]any{"responsesFile": "files/" + b.output}
	}
	return map[string]any{"name": b.name, "metadata": meta}
}

// work answers a batch's requests at half the price.
func (s *Server) work(b *batch) {
	var lines [][]byte
	for line := range bytes.Lines(b.input) {
		var r struct {
			Key     string          `json:"key"`
			Request json.RawMessage `json:"request"`
		}
		if err := json.Unmarshal(line, &r); err != nil {
			continue // as the service, which leaves out what it cannot read
		}
		out := map[string]any{"key": r.Key}
		e, err := s.parse(r.Request)
		how := s.behaviour(e)
		s.count(func(n *Billed) { n.Requests++ })
		switch {
		case err != nil:
			out["error"] = map[string]any{"code": 3, "message": Secret}
		case how.Fault == Expired:
			b.state = "BATCH_STATE_EXPIRED"
			return
		case how.Fault == Overloaded:
			out["error"] = map[string]any{"code": 14, "message": Secret}
		default:
			out["response"] = s.respond(e, how, 0.5)
		}
		lines = append(lines, append(marshal(out), '\n'))
	}
	slices.Reverse(lines)
	s.mu.Lock()
	defer s.mu.Unlock()
	b.output, b.state = "out-"+strings.TrimPrefix(b.name, "batches/"), "BATCH_STATE_SUCCEEDED"
	s.files[b.output] = bytes.Join(lines, nil)
}
