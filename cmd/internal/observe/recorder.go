package observe

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"burnish/imaging"
	"burnish/worker"
	"burnish/worker/ledger"
)

// recorder observes the outcomes that are recorded.
type recorder struct {
	worker.Recorder
	worker *Worker
}

// Record implements worker.Recorder.
func (r recorder) Record(ctx context.Context, o ledger.Outcome) error {
	about := trace.SpanFromContext(ctx)
	ctx, end := r.worker.stage(ctx, "record")
	err := r.Recorder.Record(ctx, o)
	end(err)
	if err != nil {
		return err
	}
	about.SetAttributes(
		attribute.String("burnish.status", string(o.Status)),
		attribute.String("burnish.reason", string(o.Reason)),
		attribute.Int64("burnish.generation", o.Generation))
	r.worker.ended(ctx, o)
	return nil
}

// ended tells of an outcome that is on record.
func (w *Worker) ended(ctx context.Context, o ledger.Outcome) {
	w.metrics.ended(o)
	if sent := deliveryOf(ctx).Sent; !sent.IsZero() && o.Status == ledger.Done {
		w.metrics.latency.WithLabelValues(laneOf(o.Lane)).Observe(time.Since(sent).Seconds())
	}
	w.totals.count(o.Status)
	level := severity(o)
	if !w.log.Enabled(ctx, level) {
		return
	}
	w.log.LogAttrs(ctx, level, "photo "+string(o.Status),
		slog.Any("key", o.Key), slog.String("batch", o.Batch), slog.Int64("generation", o.Generation),
		slog.String("lane", laneOf(o.Lane)), slog.String("reason", string(o.Reason)),
		slog.Int("attempt", o.Attempt), slog.Duration("elapsed", o.Elapsed), slog.String("error", o.Message))
}

// severity is how loud an outcome is. What is wrong with a photo concerns its owner and comes by
// the million in a large catalogue; what the fleet did to it concerns whoever runs the fleet.
func severity(o ledger.Outcome) slog.Level {
	switch {
	case o.Status != ledger.Failed:
		return slog.LevelDebug
	case o.Reason == imaging.Internal:
		return slog.LevelError
	case o.Reason == imaging.Crashed, o.Reason == imaging.Timeout,
		o.Reason == imaging.Unavailable, o.Reason == imaging.Throttled:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// totals counts outcomes by status.
type totals struct{ done, skipped, failed atomic.Int64 }

func (t *totals) count(s ledger.Status) {
	switch s {
	case ledger.Done:
		t.done.Add(1)
	case ledger.Skipped:
		t.skipped.Add(1)
	case ledger.Failed:
		t.failed.Add(1)
	}
}

// Totals returns how many outcomes are on record so far, by status.
func (w *Worker) Totals() (done, skipped, failed int64) {
	return w.totals.done.Load(), w.totals.skipped.Load(), w.totals.failed.Load()
}
