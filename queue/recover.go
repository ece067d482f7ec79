package queue

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"
)

// panicDelay is how long a job waits after its handler panicked.
const panicDelay = 10 * time.Second

// Recover returns a handler that survives a panic of the given one: the panic is logged with
// its stack, and the job is retried, so that one photo that trips a bug ends as a dead letter
// and takes no other with it. Subscribers wrap the handlers that they are given in it.
func Recover(handle Handler) Handler {
	return func(ctx context.Context, d Delivery) (disposition Disposition) {
		defer func() {
			if p := recover(); p != nil {
				slog.ErrorContext(ctx, "handler panicked", "key", d.Key, "batch", d.Batch, "generation", d.Generation,
					"lane", d.Lane, "id", d.ID, "attempt", d.Attempt, "panic", p, "stack", string(debug.Stack()))
				disposition = Retry(panicDelay)
			}
		}()
		return handle(ctx, d)
	}
}
