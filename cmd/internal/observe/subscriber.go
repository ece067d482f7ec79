package observe

import (
	"context"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"burnish/cmd/internal/logging"
	"burnish/queue"
)

// Subscriber has the deliveries of a queue observed.
func (w *Worker) Subscriber(s queue.Subscriber) queue.Subscriber { return subscriber{s, w} }

type subscriber struct {
	queue.Subscriber
	worker *Worker
}

// Receive implements queue.Subscriber.
func (s subscriber) Receive(ctx context.Context, handle queue.Handler) error {
	return s.Subscriber.Receive(ctx, func(ctx context.Context, d queue.Delivery) queue.Disposition {
		disposition := queue.Retry(0) // what a panic comes to
		ctx, end := s.worker.begin(ctx, d)
		defer func() { end(disposition) }()
		disposition = handle(ctx, d)
		return disposition
	})
}

// delivery is the key of what a context's photo was delivered as.
type delivery struct{}

// deliveryOf returns the delivery that a context is about, or the zero one.
func deliveryOf(ctx context.Context) queue.Delivery {
	d, _ := ctx.Value(delivery{}).(queue.Delivery)
	return d
}

// begin begins the observation of one delivery; the returned function ends it.
func (w *Worker) begin(ctx context.Context, d queue.Delivery) (context.Context, func(queue.Disposition)) {
	lane := laneOf(d.Lane)
	if d.Attempt == 1 && !d.Sent.IsZero() { // later ones were kept back on purpose
		w.metrics.waited.WithLabelValues(lane).Observe(time.Since(d.Sent).Seconds())
	}
	ctx, span := tracer().Start(ctx, "photo", trace.WithAttributes(
		attribute.String("burnish.lane", lane),
		attribute.String("burnish.batch", d.Batch),
		attribute.String("burnish.key", text(d.Key)),
		attribute.Int64("burnish.generation", d.Generation),
		attribute.Int("burnish.attempt", d.Attempt)))
	ctx = context.WithValue(ctx, delivery{}, d)
	ctx = logging.With(ctx, slog.Any("key", d.Key), slog.String("batch", d.Batch),
		slog.Int64("generation", d.Generation), slog.String("lane", lane))
	held := w.inHand.begin()
	w.metrics.inHand.WithLabelValues(lane).Inc()
	return ctx, func(end queue.Disposition) {
		w.metrics.inHand.WithLabelValues(lane).Dec()
		w.inHand.end(held)
		word := "ack"
		if _, again := end.Retry(); again {
			word = "retry"
		}
		w.metrics.deliveries.WithLabelValues(lane, word).Inc()
		span.SetAttributes(attribute.String("burnish.disposition", word))
		span.End()
	}
}
