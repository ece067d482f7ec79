package observe

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ledger"
	"burnish/worker/outcomes"
)

// Recorder observes a recorder: it implements outcomes.Observer.
type Recorder struct {
	taken  *prometheus.CounterVec // lane, status, reason
	dead   *prometheus.CounterVec // lane
	writes *prometheus.CounterVec // result
	rows   prometheus.Counter
	last   prometheus.Gauge
}

var _ outcomes.Observer = (*Recorder)(nil)

// NewRecorder returns an observer that registers its metrics.
func NewRecorder(metrics prometheus.Registerer) *Recorder {
	f := promauto.With(metrics)
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return f.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	r := &Recorder{
		taken:  counter("burnish_recorder_outcomes_total", "Outcomes that have come, those of dead letters too; one that comes twice counts twice.", "lane", "status", "reason"),
		dead:   counter("burnish_dead_letters_total", "Jobs that no worker has ended.", "lane"),
		writes: counter("burnish_recorder_writes_total", "Writes of all that is pending: done or failed.", "result"),
		rows:   f.NewCounter(prometheus.CounterOpts{Name: "burnish_recorder_written_total", Help: "Outcomes that stand in the ledger."}),
		last: f.NewGauge(prometheus.GaugeOpts{
			Name: "burnish_recorder_last_write_timestamp_seconds", Help: "When outcomes were last written; at first when the recorder started.",
		}),
	}
	for _, lane := range queue.Lanes {
		r.dead.WithLabelValues(string(lane))
	}
	r.writes.WithLabelValues("done")
	r.writes.WithLabelValues("failed")
	r.last.SetToCurrentTime()
	return r
}

// Took implements outcomes.Observer.
func (r *Recorder) Took(o ledger.Outcome, dead bool) {
	r.taken.WithLabelValues(laneOf(o.Lane), statusOf(o.Status), reasonOf(o.Reason)).Inc()
	if dead {
		r.dead.WithLabelValues(laneOf(o.Lane)).Inc()
	}
}

// Wrote implements outcomes.Observer.
func (r *Recorder) Wrote(n int, err error) {
	if err != nil {
		r.writes.WithLabelValues("failed").Inc()
		return
	}
	r.writes.WithLabelValues("done").Inc()
	r.rows.Add(float64(n))
	r.last.SetToCurrentTime()
}

// Pending registers what a recorder says of the outcomes that wait to be written.
func Pending(metrics prometheus.Registerer, r *outcomes.Recorder) {
	f := promauto.With(metrics)
	f.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "burnish_recorder_pending", Help: "Outcomes that have come and are not written yet.",
	}, func() float64 {
		n, _ := r.Pending()
		return float64(n)
	})
	f.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "burnish_recorder_oldest_pending_seconds", Help: "How long the oldest of them has waited.",
	}, func() float64 {
		_, oldest := r.Pending()
		if oldest.IsZero() {
			return 0
		}
		return time.Since(oldest).Seconds()
	})
}

// What comes through a topic may say anything, but labels have few values.

func statusOf(s ledger.Status) string {
	if slices.Contains([]ledger.Status{ledger.Done, ledger.Skipped, ledger.Failed}, s) {
		return string(s)
	}
	return "other"
}

var skipReasons = []imaging.Reason{"", imaging.Fresh, imaging.Superseded, imaging.NotAPhoto, imaging.Link, imaging.Cancelled}

func reasonOf(r imaging.Reason) string {
	if slices.Contains(skipReasons, r) || slices.Contains(imaging.FailureReasons, r) {
		return string(r)
	}
	return "other"
}
