package logging

import (
	"context"
	"io"
	"log/slog"
	"path"
	"runtime"
	"strings"

	"go.opentelemetry.io/otel/trace"
)

// cloud writes records as Cloud Logging takes them apart: severity, message and time, the
// trace that a line belongs to, and for errors what Error Reporting groups them by. Every
// other attribute is a field of jsonPayload.
//
// https://docs.cloud.google.com/logging/docs/structured-logging#structured_logging_special_fields
type cloud struct {
	slog.Handler
	options Options
}

func newCloud(w io.Writer, o Options) cloud {
	return cloud{slog.NewJSONHandler(w, &slog.HandlerOptions{Level: o.Level, ReplaceAttr: rename}), o}
}

// rename gives the record's own fields the names that Cloud Logging knows, and durations in
// seconds rather than nanoseconds.
func rename(groups []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.Float64Value(a.Value.Duration().Seconds())
	}
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.LevelKey:
		level, _ := a.Value.Any().(slog.Level)
		return slog.String("severity", strings.ToUpper(severities[level]))
	case slog.MessageKey:
		a.Key = "message"
	case "stack":
		a.Key = "stack_trace"
	}
	return a
}

func (c cloud) Handle(ctx context.Context, r slog.Record) error {
	span := trace.SpanContextFromContext(ctx)
	if span.IsValid() {
		r.AddAttrs(
			slog.String("logging.googleapis.com/trace", c.trace(span.TraceID())),
			slog.String("logging.googleapis.com/spanId", span.SpanID().String()),
			slog.Bool("logging.googleapis.com/trace_sampled", span.IsSampled()),
		)
	}
	if r.Level >= slog.LevelError {
		r.AddAttrs(c.report(r)...)
	}
	return c.Handler.Handle(ctx, r)
}

// trace is the resource name of a trace in Cloud Trace, or its bare id.
func (c cloud) trace(id trace.TraceID) string {
	if c.options.Project == "" {
		return id.String()
	}
	return "projects/" + c.options.Project + "/traces/" + id.String()
}

// report is what makes an error an event of Error Reporting, also without a stack.
//
// https://docs.cloud.google.com/error-reporting/docs/formatting-error-messages
func (c cloud) report(r slog.Record) []slog.Attr {
	frame, _ := runtime.CallersFrames([]uintptr{r.PC}).Next()
	return []slog.Attr{
		slog.String("@type", "type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent"),
		slog.Group("serviceContext", slog.String("service", c.options.Service), slog.String("version", c.options.Version)),
		slog.Group("context", slog.Group("reportLocation",
			slog.String("filePath", path.Base(frame.File)),
			slog.Int("lineNumber", frame.Line),
			slog.String("functionName", frame.Function))),
	}
}

func (c cloud) WithAttrs(attrs []slog.Attr) slog.Handler {
	return cloud{c.Handler.WithAttrs(attrs), c.options}
}

func (c cloud) WithGroup(name string) slog.Handler {
	return cloud{c.Handler.WithGroup(name), c.options}
}
