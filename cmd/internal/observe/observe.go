// Package observe shows what a fleet's processes do, as metrics, spans and log lines.
//
// A worker knows nothing of it: Worker stands around the parts that a worker is given. What it
// adds to a photo, some microseconds, is lost beside half a second of encoding.
package observe

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"burnish/queue"
	"burnish/worker"
	"burnish/worker/store"
)

// Worker observes one worker. Its methods may be called from many goroutines.
type Worker struct {
	log     *slog.Logger
	metrics *workerMetrics
	inHand  inHand
	totals  totals
}

// NewWorker returns an observer that registers its metrics.
func NewWorker(metrics prometheus.Registerer, log *slog.Logger) *Worker {
	return &Worker{log: log, metrics: newWorkerMetrics(metrics)}
}

// Around has the parts of a worker observed, and returns them.
func (w *Worker) Around(c worker.Config) worker.Config {
	c.Source = source{Store: c.Source, worker: w}
	c.Dest = destination{Store: c.Dest, worker: w}
	c.Imager = engine{Imager: c.Imager, worker: w}
	c.Record = recorder{Recorder: c.Record, worker: w}
	return c
}

// tracer makes the spans. Without a provider, as long as nobody wants traces, they are nothing.
func tracer() trace.Tracer { return otel.Tracer("burnish") }

// stage begins a part of a photo's way. The returned function ends it, with its error.
func (w *Worker) stage(ctx context.Context, name string, attrs ...attribute.KeyValue) (context.Context, func(error)) {
	start := time.Now()
	ctx, span := tracer().Start(ctx, name, trace.WithAttributes(attrs...))
	return ctx, func(err error) {
		w.metrics.stage.WithLabelValues(name).Observe(time.Since(start).Seconds())
		end(span, err)
	}
}

// end ends a span. Messages quote names, which need not be UTF-8 as spans must be.
func end(span trace.Span, err error) {
	if err != nil {
		span.SetStatus(codes.Error, strings.ToValidUTF8(err.Error(), "\uFFFD"))
	}
	span.End()
}

// text is a key as spans can have it.
func text(key queue.Key) string {
	t, _ := key.MarshalText() // it does not fail
	return string(t)
}

var (
	_ queue.Subscriber = subscriber{}
	_ store.Store      = source{}
	_ store.Store      = destination{}
)
