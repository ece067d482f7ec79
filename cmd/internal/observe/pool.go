package observe

import (
	"github.com/prometheus/client_golang/prometheus"

	"burnish/imaging/imager"
)

// Watch registers the metrics of a pool of imagers.
func Watch(metrics prometheus.Registerer, pool *imager.Pool) { metrics.MustRegister(poolMetrics{pool}) }

// poolMetrics are the counters of a pool of imagers.
type poolMetrics struct{ pool *imager.Pool }

var (
	slots    = prometheus.NewDesc("burnish_slots", "Photos that can be developed at once.", nil, nil)
	busy     = prometheus.NewDesc("burnish_slots_busy", "Slots that develop a photo now.", nil, nil)
	allowed  = prometheus.NewDesc("burnish_memory_bytes", "What photos being developed may take together.", nil, nil)
	admitted = prometheus.NewDesc("burnish_memory_admitted_bytes", "What those that are developed now take, by estimate.", nil, nil)
	waiting  = prometheus.NewDesc("burnish_memory_waiting", "Slots whose photo waits for memory.", nil, nil)
	starts   = prometheus.NewDesc("burnish_imager_starts_total", "Imagers started.", nil, nil)
	restarts = prometheus.NewDesc("burnish_imager_restarts_total", "Imagers replaced, by cause.", []string{"cause"}, nil)
)

// causes lists the causes that are counted from the beginning.
var causes = []imager.Cause{imager.Crash, imager.Deadline, imager.Memory, imager.Cancel, imager.Age, imager.Size, imager.Idle}

// Describe implements prometheus.Collector.
func (poolMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{slots, busy, allowed, admitted, waiting, starts, restarts} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (p poolMetrics) Collect(ch chan<- prometheus.Metric) {
	s := p.pool.Stats()
	gauge := func(d *prometheus.Desc, value float64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value)
	}
	gauge(slots, float64(s.Slots))
	gauge(busy, float64(s.Busy))
	gauge(allowed, float64(s.Memory))
	gauge(admitted, float64(s.Admitted))
	gauge(waiting, float64(s.Waiting))
	ch <- prometheus.MustNewConstMetric(starts, prometheus.CounterValue, float64(s.Starts))
	for _, c := range causes {
		ch <- prometheus.MustNewConstMetric(restarts, prometheus.CounterValue, float64(s.Restarts[c]), string(c))
	}
}
