package observe

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace/noop"

	"burnish/cmd/internal/logging"
	"burnish/imaging"
	"burnish/queue"
	"burnish/queue/memory"
	"burnish/worker"
	"burnish/worker/ledger"
	"burnish/worker/store"
	"burnish/worker/store/storetest"
)

// spans keeps the spans of every test of this package.
var spans = tracetest.NewSpanRecorder()

func TestMain(m *testing.M) {
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)))
	os.Exit(m.Run())
}

// press is an imager that makes one small variant of whatever does not say "cut".
type press struct{}

func (press) Build() imaging.Build { return imaging.Build{Version: "test"} }

func (press) Process(_ context.Context, req imaging.Request) (imaging.Result, error) {
	if strings.Contains(string(req.Source), "cut") {
		return imaging.Result{}, fmt.Errorf("%w: it ends early", imaging.ErrTruncated)
	}
	return imaging.Result{
		Source:   imaging.Source{Format: imaging.JPEG, Bytes: int64(len(req.Source))},
		Variants: []imaging.Variant{{Name: "100", Format: imaging.WebP, Data: []byte("small")}},
		Timings:  imaging.Timings{Decode: time.Second, Encode: 2 * time.Second},
	}, nil
}

type taken struct{}

func (taken) Record(context.Context, ledger.Outcome) error { return nil }

// line is an observed worker between two stores in memory.
type line struct {
	*Worker
	registry *prometheus.Registry
	source   *storetest.Memory
	log      bytes.Buffer
}

// work has the jobs done and returns when all are.
func (l *line) work(t *testing.T, lane queue.Lane, jobs ...queue.Job) {
	t.Helper()
	q := memory.New(memory.Options{Slots: 1})
	if err := q.Publish(t.Context(), lane, jobs...); err != nil {
		t.Fatal(err)
	}
	recipe, _ := imaging.Builtin("catalogue")
	w := worker.New(l.Around(worker.Config{
		Source: l.source, Dest: storetest.NewMemory(), Imager: press{}, Recipe: recipe, Record: taken{}, Log: l.Worker.log,
	}))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx, l.Subscriber(q)) }()
	if err := q.Settled(ctx); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

func newLine() *line {
	l := &line{registry: prometheus.NewRegistry(), source: storetest.NewMemory()}
	l.Worker = NewWorker(l.registry, logging.New(&l.log, logging.Options{Format: logging.JSON}))
	return l
}

func (l *line) put(name, content string) {
	l.source.Put(store.Attrs{Name: name}, []byte(content))
}

func TestMetrics(t *testing.T) {
	l := newLine()
	l.put("a.jpg", "twelve bytes")
	l.put("b.jpg", "cut")
	l.work(t, queue.Upload, queue.Job{Key: "a.jpg"}, queue.Job{Key: "b.jpg"}, queue.Job{Key: "gone.jpg"})
	const want = `
# HELP burnish_deliveries_total Deliveries settled, by what the queue was told: ack, or retry for handed back.
# TYPE burnish_deliveries_total counter
burnish_deliveries_total{disposition="ack",lane="upload"} 3
# HELP burnish_engine_cpu_seconds_total CPU time of imagers, by step.
# TYPE burnish_engine_cpu_seconds_total counter
burnish_engine_cpu_seconds_total{step="decode"} 1
burnish_engine_cpu_seconds_total{step="encode"} 2
burnish_engine_cpu_seconds_total{step="enhance"} 0
# HELP burnish_in_hand Deliveries that this worker has begun and not settled.
# TYPE burnish_in_hand gauge
burnish_in_hand{lane="backfill"} 0
burnish_in_hand{lane="rerun"} 0
burnish_in_hand{lane="upload"} 0
# HELP burnish_photos_total Photos with an outcome on record.
# TYPE burnish_photos_total counter
burnish_photos_total{lane="backfill",reason="",status="done"} 0
burnish_photos_total{lane="rerun",reason="",status="done"} 0
burnish_photos_total{lane="upload",reason="",status="done"} 1
burnish_photos_total{lane="upload",reason="not_found",status="failed"} 1
burnish_photos_total{lane="upload",reason="truncated",status="failed"} 1
# HELP burnish_source_bytes_total Bytes of the photos that were developed, by their format.
# TYPE burnish_source_bytes_total counter
burnish_source_bytes_total{format="jpeg"} 12
# HELP burnish_variant_bytes_total Bytes of the variants published.
# TYPE burnish_variant_bytes_total counter
burnish_variant_bytes_total{format="webp"} 5
# HELP burnish_variants_total Variants published.
# TYPE burnish_variants_total counter
burnish_variants_total{format="webp"} 1
`
	names := []string{}
	for text := range strings.Lines(want) {
		if rest, ok := strings.CutPrefix(text, "# TYPE "); ok {
			name, _, _ := strings.Cut(rest, " ")
			names = append(names, name)
		}
	}
	if err := testutil.GatherAndCompare(l.registry, strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
	got := make(map[string]uint64)
	families, err := l.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.Metric {
			if h := m.GetHistogram(); h != nil {
				name := f.GetName()
				for _, label := range m.Label {
					name += " " + label.GetValue()
				}
				got[name] = h.GetSampleCount()
			}
		}
	}
	histograms := map[string]uint64{
		"burnish_photo_seconds upload":      3,
		"burnish_latency_seconds upload":    1,
		"burnish_latency_seconds rerun":     0,
		"burnish_latency_seconds backfill":  0,
		"burnish_queue_wait_seconds upload": 3,
		"burnish_stage_seconds look_up":     3,
		"burnish_stage_seconds fetch":       3,
		"burnish_stage_seconds develop":     2,
		"burnish_stage_seconds write":       1,
		"burnish_stage_seconds publish":     1,
		"burnish_stage_seconds record":      3,
	}
	if diff := cmp.Diff(histograms, got); diff != "" {
		t.Error(diff)
	}
	if done, skipped, failed := l.Totals(); done != 1 || skipped != 0 || failed != 2 {
		t.Errorf("totals are %d, %d and %d", done, skipped, failed)
	}
}

func TestLog(t *testing.T) {
	l := newLine()
	l.put("b\xff.jpg", "cut")
	l.work(t, queue.Backfill, queue.Job{Key: "b\xff.jpg", Batch: "b1"})
	var got map[string]any
	if err := json.Unmarshal(l.log.Bytes(), &got); err != nil {
		t.Fatalf("%v in %s", err, &l.log)
	}
	if got["generation"].(float64) == 0 || got["logging.googleapis.com/trace"] == nil {
		t.Errorf("no generation or no trace in %s", &l.log)
	}
	want := map[string]any{"severity": "INFO", "message": "photo failed", "key": `b\xff.jpg`, "batch": "b1", "lane": "backfill", "reason": "truncated"}
	for name := range got {
		if want[name] == nil {
			delete(got, name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSeverity(t *testing.T) {
	for reason, want := range map[imaging.Reason]slog.Level{
		imaging.Corrupt: slog.LevelInfo, imaging.NotFound: slog.LevelInfo, imaging.Crashed: slog.LevelWarn,
		imaging.Throttled: slog.LevelWarn, imaging.Internal: slog.LevelError,
	} {
		if got := severity(ledger.Outcome{Status: ledger.Failed, Reason: reason}); got != want {
			t.Errorf("%s is logged as %v", reason, got)
		}
	}
	if got := severity(ledger.Outcome{Status: ledger.Skipped, Reason: imaging.Fresh}); got != slog.LevelDebug {
		t.Errorf("a photo that is fresh is logged as %v", got)
	}
}

func TestSpans(t *testing.T) {
	l := newLine()
	spans.Reset()
	l.put("a.jpg", "a photo")
	l.put("b\xff.jpg", "cut")
	l.work(t, queue.Rerun, queue.Job{Key: "a.jpg", Batch: "r1"}, queue.Job{Key: "b\xff.jpg"})
	stages := make(map[string][]string) // by key
	for _, root := range spans.Ended() {
		if root.Name() != "photo" {
			continue
		}
		about := make(map[string]any)
		for _, a := range root.Attributes() {
			about[string(a.Key)] = a.Value.AsInterface()
		}
		key := about["burnish.key"].(string)
		if about["burnish.generation"].(int64) == 0 {
			t.Errorf("%s has no generation", key)
		}
		delete(about, "burnish.generation")
		want := map[string]any{
			"burnish.lane": "rerun", "burnish.batch": "r1", "burnish.key": "a.jpg", "burnish.attempt": int64(1),
			"burnish.status": "done", "burnish.reason": "", "burnish.disposition": "ack",
		}
		if key != "a.jpg" {
			want["burnish.key"], want["burnish.batch"], want["burnish.status"], want["burnish.reason"] = `b\xff.jpg`, "", "failed", "truncated"
		}
		if diff := cmp.Diff(want, about); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
		for _, s := range spans.Ended() {
			if s.Parent().SpanID() == root.SpanContext().SpanID() {
				stages[key] = append(stages[key], s.Name())
				if failed := s.Status().Code == codes.Error; failed != (s.Name() == "develop" && key != "a.jpg") {
					t.Errorf("%s of %s ended with %v", s.Name(), key, s.Status())
				}
			}
		}
	}
	want := map[string][]string{
		"a.jpg":     {"look_up", "fetch", "develop", "write", "publish", "record"},
		`b\xff.jpg`: {"look_up", "fetch", "develop", "record"},
	}
	if diff := cmp.Diff(want, stages); diff != "" {
		t.Error(diff)
	}
}

func TestStuck(t *testing.T) {
	l := newLine()
	const limit = 10 * time.Minute
	_, first := l.begin(t.Context(), queue.Delivery{Lane: queue.Upload})
	_, second := l.begin(t.Context(), queue.Delivery{Lane: queue.Upload})
	age := func(d time.Duration) {
		for id := range l.inHand.since {
			l.inHand.since[id] = l.inHand.since[id].Add(-d)
		}
	}
	for _, tt := range []struct {
		name  string
		do    func()
		stuck bool
	}{
		{"just begun", func() {}, false},
		{"for long", func() { age(2 * limit) }, true},
		{"one of them handed back", func() { first(queue.Retry(0)) }, false},
		{"another begun", func() { l.begin(t.Context(), queue.Delivery{}) }, false},
		{"that for long too", func() { age(2 * limit) }, true},
		{"one done", func() { second(queue.Ack) }, false},
	} {
		tt.do()
		if err := l.Stuck(2, limit); (err != nil) != tt.stuck {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestPanic looks at what is left of a delivery whose handler panics, which queues recover from.
func TestPanic(t *testing.T) {
	l := newLine()
	panics := l.Subscriber(one{})
	if err := panics.Receive(t.Context(), func(context.Context, queue.Delivery) queue.Disposition { panic("a bug") }); err != nil {
		t.Fatal(err)
	}
	if len(l.inHand.since) != 0 {
		t.Error("it stays in hand")
	}
	if got := testutil.ToFloat64(l.metrics.deliveries.WithLabelValues("upload", "retry")); got != 1 {
		t.Errorf("%v are counted as handed back", got)
	}
}

// one is a queue with one delivery.
type one struct{}

func (one) Receive(ctx context.Context, handle queue.Handler) error {
	queue.Recover(handle)(ctx, queue.Delivery{Lane: queue.Upload})
	return nil
}

func TestStoreErrors(t *testing.T) {
	l := newLine()
	for err, want := range map[error]string{
		store.ErrThrottled: "throttled", store.ErrUnavailable: "unavailable", store.ErrDenied: "denied", store.ErrFull: "full",
	} {
		l.metrics.trouble(l.metrics.source, fmt.Errorf("read: %w", err))
		if got := testutil.ToFloat64(l.metrics.troubles.WithLabelValues("source", want)); got != 1 {
			t.Errorf("%v is counted %v times as %s", err, got, want)
		}
	}
	if err := l.metrics.trouble(l.metrics.dest, store.ErrNotExist); err != nil {
		t.Errorf("that an object is not there is a store's trouble: %v", err)
	}
}

func TestRepeats(t *testing.T) {
	l := newLine()
	for range 2 {
		l.Repeated(store.ErrThrottled)
	}
	l.Repeated(store.ErrUnavailable)
	for reason, want := range map[string]float64{"throttled": 2, "unavailable": 1} {
		if got := testutil.ToFloat64(l.metrics.repeats.WithLabelValues(reason)); got != want {
			t.Errorf("%v tries are counted as %s", got, reason)
		}
	}
}

func TestLabelsAreBounded(t *testing.T) {
	r := prometheus.NewRegistry()
	seen := NewRecorder(r)
	for i := range 100 {
		seen.Took(ledger.Outcome{
			Lane: queue.Lane(fmt.Sprint("lane", i)), Status: ledger.Status(fmt.Sprint(i)), Reason: imaging.Reason(fmt.Sprint(i)),
		}, true)
	}
	for name, want := range map[string]int{"burnish_recorder_outcomes_total": 1, "burnish_dead_letters_total": 1 + len(queue.Lanes)} {
		if got, err := testutil.GatherAndCount(r, name); got != want || err != nil {
			t.Errorf("%s has %d series, %v; want %d", name, got, err, want)
		}
	}
	if !slices.Contains(skipReasons, imaging.Fresh) || reasonOf(imaging.Crashed) != "crashed" {
		t.Error("a reason that there is counts as another")
	}
}

func TestCountsOfARecorder(t *testing.T) {
	r := prometheus.NewRegistry()
	seen := NewRecorder(r)
	seen.Wrote(3, nil)
	seen.Wrote(2, store.ErrFull)
	seen.Wrote(1, nil)
	const want = `
# HELP burnish_recorder_writes_total Writes of all that is pending: done or failed.
# TYPE burnish_recorder_writes_total counter
burnish_recorder_writes_total{result="done"} 2
burnish_recorder_writes_total{result="failed"} 1
# HELP burnish_recorder_written_total Outcomes that stand in the ledger.
# TYPE burnish_recorder_written_total counter
burnish_recorder_written_total 4
`
	if err := testutil.GatherAndCompare(r, strings.NewReader(want), "burnish_recorder_writes_total", "burnish_recorder_written_total"); err != nil {
		t.Error(err)
	}
}

// BenchmarkPhoto measures what observing adds to one photo with 8 variants.
func BenchmarkPhoto(b *testing.B) {
	l := newLine()
	c := l.Around(worker.Config{Source: idle{}, Dest: idle{}, Imager: press{}, Record: taken{}})
	handle := func(ctx context.Context, d queue.Delivery) queue.Disposition {
		_, _, _ = c.Dest.Read(ctx, worker.ManifestName(d.Key), store.ReadOptions{})
		_, _, _ = c.Source.Read(ctx, string(d.Key), store.ReadOptions{})
		_, _ = c.Imager.Process(ctx, imaging.Request{})
		for range 9 {
			_, _ = c.Dest.Write(ctx, "variants/a.jpg/100.webp", nil, store.WriteOptions{})
		}
		_ = c.Record.Record(ctx, ledger.Outcome{Lane: d.Lane, Key: d.Key, Status: ledger.Done, Elapsed: time.Second})
		return queue.Ack
	}
	otel.SetTracerProvider(noop.NewTracerProvider()) // as it is where nobody wants traces
	defer otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)))
	b.ReportAllocs()
	b.ResetTimer()
	_ = l.Subscriber(many(b.N)).Receive(b.Context(), handle)
}

// many is a queue of so many deliveries.
type many int

func (n many) Receive(ctx context.Context, handle queue.Handler) error {
	for range n {
		handle(ctx, queue.Delivery{Job: queue.Job{Key: "a.jpg"}, Lane: queue.Upload, Attempt: 1, Sent: time.Now()})
	}
	return nil
}

// idle is a store that does nothing.
type idle struct{ store.Store }

func (idle) Read(context.Context, string, store.ReadOptions) ([]byte, store.Attrs, error) {
	return nil, store.Attrs{}, nil
}

func (idle) Write(context.Context, string, []byte, store.WriteOptions) (store.Attrs, error) {
	return store.Attrs{}, nil
}
