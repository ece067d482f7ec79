package health

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Live answers 200 while the process lives, else 503 and why it should be ended by force.
func (h *Health) Live(w http.ResponseWriter, _ *http.Request) {
	err := h.live()
	answer := struct {
		Live  bool   `json:"live"`
		Error string `json:"error,omitempty"`
	}{Live: err == nil}
	if err != nil {
		answer.Error = err.Error()
	}
	reply(w, answer.Live, answer)
}

// Ready answers 200 while the process works and can, else 503. The body says how each part is.
func (h *Health) Ready(w http.ResponseWriter, _ *http.Request) {
	s := h.status(time.Now())
	reply(w, s.Ready, s)
}

func reply(w http.ResponseWriter, ok bool, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !ok {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(body) // whoever asked may be gone
}

var (
	ready = prometheus.NewDesc("burnish_ready", "1 while the process works and can, as /readyz says.", nil, nil)
	check = prometheus.NewDesc("burnish_check", "1 while a part that the work needs can be used, by its name in /readyz.", []string{"check"}, nil)
)

// Describe implements prometheus.Collector.
func (h *Health) Describe(ch chan<- *prometheus.Desc) { ch <- ready; ch <- check }

// Collect implements prometheus.Collector.
func (h *Health) Collect(ch chan<- prometheus.Metric) {
	s := h.status(time.Now())
	ch <- prometheus.MustNewConstMetric(ready, prometheus.GaugeValue, number(s.Ready))
	for name, c := range s.Checks {
		ch <- prometheus.MustNewConstMetric(check, prometheus.GaugeValue, number(c.OK), name)
	}
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
