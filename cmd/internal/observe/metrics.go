package observe

import (
	"errors"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

// Buckets, in seconds. A stage takes a millisecond on a disk and up to a minute in an encoder;
// a backfill's job may wait for days.
var (
	stageBuckets = []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
	photoBuckets = []float64{.1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 1800}
	waitBuckets  = []float64{.1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 4 * 3600, 24 * 3600, 7 * 24 * 3600}
)

// workerMetrics is what a worker counts. Labels have few values: never a key, a batch or a
// message.
type workerMetrics struct {
	photos       *prometheus.CounterVec   // lane, status, reason
	photo        *prometheus.HistogramVec // lane
	latency      *prometheus.HistogramVec // lane
	waited       *prometheus.HistogramVec // lane
	retries      *prometheus.CounterVec   // lane
	inHand       *prometheus.GaugeVec     // lane
	deliveries   *prometheus.CounterVec   // lane, disposition
	stage        *prometheus.HistogramVec // stage
	cpu          *prometheus.CounterVec   // step
	read         *prometheus.CounterVec   // format
	variants     *prometheus.CounterVec   // format
	variantBytes *prometheus.CounterVec   // format
	troubles     *prometheus.CounterVec   // store, reason
	repeats      *prometheus.CounterVec   // reason
	source, dest prometheus.Labels
}

func newWorkerMetrics(r prometheus.Registerer) *workerMetrics {
	f := promauto.With(r)
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return f.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return f.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	}
	m := &workerMetrics{
		photos:       counter("burnish_photos_total", "Photos with an outcome on record.", "lane", "status", "reason"),
		photo:        histogram("burnish_photo_seconds", "Time from the delivery of a photo to its outcome.", photoBuckets, "lane"),
		latency:      histogram("burnish_latency_seconds", "Time from the message that asks for a photo to its being published and recorded.", waitBuckets, "lane"),
		waited:       histogram("burnish_queue_wait_seconds", "Time from a message to its first delivery to a worker.", waitBuckets, "lane"),
		retries:      counter("burnish_retries_total", "Tries beyond the first at photos with an outcome.", "lane"),
		inHand:       f.NewGaugeVec(prometheus.GaugeOpts{Name: "burnish_in_hand", Help: "Deliveries that this worker has begun and not settled."}, []string{"lane"}),
		deliveries:   counter("burnish_deliveries_total", "Deliveries settled, by what the queue was told: ack, or retry for handed back.", "lane", "disposition"),
		stage:        histogram("burnish_stage_seconds", "Time of one look_up, fetch, develop, write (of a variant), publish (of a manifest) or record.", stageBuckets, "stage"),
		cpu:          counter("burnish_engine_cpu_seconds_total", "CPU time of imagers, by step.", "step"),
		read:         counter("burnish_source_bytes_total", "Bytes of the photos that were developed, by their format.", "format"),
		variants:     counter("burnish_variants_total", "Variants published.", "format"),
		variantBytes: counter("burnish_variant_bytes_total", "Bytes of the variants published.", "format"),
		troubles:     counter("burnish_store_errors_total", "Reads and writes of a store that failed for good, by reason.", "store", "reason"),
		repeats:      counter("burnish_bucket_repeats_total", "Tries at Cloud Storage that failed for a passing reason.", "reason"),
		source:       prometheus.Labels{"store": "source"},
		dest:         prometheus.Labels{"store": "destination"},
	}
	// So that rates see the first of each, which a worker may be the last to have.
	for _, lane := range queue.Lanes {
		m.photos.WithLabelValues(string(lane), string(ledger.Done), "")
		m.inHand.WithLabelValues(string(lane))
		m.latency.WithLabelValues(string(lane))
	}
	m.repeats.WithLabelValues("throttled")
	m.repeats.WithLabelValues("unavailable")
	return m
}

// ended counts an outcome.
func (m *workerMetrics) ended(o ledger.Outcome) {
	lane := laneOf(o.Lane)
	m.photos.WithLabelValues(lane, string(o.Status), string(o.Reason)).Inc()
	m.retries.WithLabelValues(lane).Add(float64(max(o.Attempt-1, 0)))
	if o.Elapsed > 0 { // else it was no photo but a malformed message
		m.photo.WithLabelValues(lane).Observe(o.Elapsed.Seconds())
	}
	for format, w := range o.Written {
		m.variants.WithLabelValues(string(format)).Add(float64(w.Variants))
		m.variantBytes.WithLabelValues(string(format)).Add(float64(w.Bytes))
	}
}

// developed counts what imagers did.
func (m *workerMetrics) developed(r imaging.Result) {
	m.read.WithLabelValues(string(r.Source.Format)).Add(float64(r.Source.Bytes))
	m.cpu.WithLabelValues("decode").Add(r.Timings.Decode.Seconds())
	m.cpu.WithLabelValues("enhance").Add(r.Timings.Enhance.Seconds())
	m.cpu.WithLabelValues("encode").Add(r.Timings.Encode.Seconds())
}

// storeTroubles are the facts of stores that somebody must look into, with their labels.
var storeTroubles = []struct {
	fact   error
	reason string
}{
	{store.ErrThrottled, "throttled"},
	{store.ErrUnavailable, "unavailable"},
	{store.ErrDenied, "denied"},
	{store.ErrFull, "full"},
}

// trouble counts an error that is a store's, not a photo's, and returns it; nil for any other.
func (m *workerMetrics) trouble(where prometheus.Labels, err error) error {
	for _, t := range storeTroubles {
		if errors.Is(err, t.fact) {
			m.troubles.MustCurryWith(where).WithLabelValues(t.reason).Inc()
			return err
		}
	}
	return nil
}

// Repeated counts a try at a bucket that failed for a passing reason.
func (w *Worker) Repeated(fact error) {
	reason := "unavailable"
	if errors.Is(fact, store.ErrThrottled) {
		reason = "throttled"
	}
	w.metrics.repeats.WithLabelValues(reason).Inc()
}

// laneOf bounds the values of a label: outcomes come from a topic that others can write to.
func laneOf(lane queue.Lane) string {
	if slices.Contains(queue.Lanes, lane) {
		return string(lane)
	}
	return "other"
}
