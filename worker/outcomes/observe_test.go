package outcomes

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	gcp "cloud.google.com/go/pubsub/v2"

	"burnish/queue"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

// heard notes what an observer is told.
type heard struct{ said []string }

func (h *heard) Took(o ledger.Outcome, dead bool) {
	h.said = append(h.said, fmt.Sprintf("took %s dead=%v", o.Key, dead))
}

func (h *heard) Wrote(n int, err error) {
	h.said = append(h.said, fmt.Sprintf("wrote %d failed=%v", n, err != nil))
}

func TestObserver(t *testing.T) {
	for _, tt := range []struct {
		name   string
		dest   func(store.Store) store.Store
		failed bool
	}{
		{"written", func(s store.Store) store.Store { return s }, false},
		{"refused", func(s store.Store) store.Store { return full{s} }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var h heard
			r := NewRecorder(nil, "q", tt.dest(open(t)), Options{Observe: &h})
			data, err := json.Marshal(ledger.Outcome{Key: "a", Lane: queue.Upload, Status: ledger.Done, Ended: sent})
			if err != nil {
				t.Fatal(err)
			}
			o := r.outcome(&gcp.Message{Data: data})
			if err := r.take(t.Context(), &gcp.Message{}, o); err != nil {
				t.Fatal(err)
			}
			if n, oldest := r.Pending(); n != 1 || time.Since(oldest) > time.Minute {
				t.Errorf("%d are pending, since %v", n, oldest)
			}
			if _, err := r.flush(); (err != nil) != tt.failed {
				t.Fatal(err)
			}
			if _, err := r.flush(); err != nil { // of nothing, which is not worth telling
				t.Fatal(err)
			}
			if n, oldest := r.Pending(); n != 0 || !oldest.IsZero() {
				t.Errorf("after that, %d are pending, since %v", n, oldest)
			}
			if want := []string{"took a dead=false", fmt.Sprintf("wrote 1 failed=%v", tt.failed)}; !slices.Equal(h.said, want) {
				t.Errorf("it was told %q, want %q", h.said, want)
			}
		})
	}
}

func TestStalled(t *testing.T) {
	r := NewRecorder(nil, "q", open(t), Options{Age: time.Minute})
	if err := r.Stalled(); err != nil {
		t.Errorf("with nothing pending: %v", err)
	}
	o := ledger.Outcome{Key: "a", Lane: queue.Upload, Status: ledger.Done, Ended: sent}
	if err := r.take(t.Context(), &gcp.Message{}, o); err != nil {
		t.Fatal(err)
	}
	if err := r.Stalled(); err != nil {
		t.Errorf("at once: %v", err)
	}
	p := r.swap() // as flush does, which may hang
	p.since = p.since.Add(-time.Hour)
	if err := r.take(t.Context(), &gcp.Message{}, o); err != nil {
		t.Fatal(err)
	}
	if n, oldest := r.Pending(); n != 2 || !oldest.Equal(p.since) {
		t.Errorf("%d are pending, since %v", n, oldest)
	}
	if err := r.Stalled(); err == nil {
		t.Error("what has been written for an hour does not count as stalled")
	}
}
