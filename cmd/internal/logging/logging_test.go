package logging

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/trace"

	"burnish/queue"
)

// logged returns the one line that is written, as the reader of JSON sees it, without its time.
func logged(t *testing.T, o Options, write func(*slog.Logger)) map[string]any {
	t.Helper()
	var b bytes.Buffer
	o.Format = JSON
	write(New(&b, o))
	line := make(map[string]any)
	if err := json.Unmarshal(b.Bytes(), &line); err != nil || strings.Count(b.String(), "\n") != 1 {
		t.Fatalf("%v in %q", err, b.String())
	}
	if line["time"] == nil {
		t.Errorf("it has no time: %s", b.String())
	}
	delete(line, "time")
	return line
}

func TestCloudLogging(t *testing.T) {
	photo := With(t.Context(), slog.Any("key", queue.Key("a\xff.jpg")), slog.Int64("generation", 7), slog.String("batch", "b1"))
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled})
	for _, tt := range []struct {
		name  string
		write func(*slog.Logger)
		want  map[string]any
	}{
		{"plain", func(l *slog.Logger) { l.Info("working", "slots", 2, "after", 1500*time.Millisecond) }, map[string]any{
			"severity": "INFO", "message": "working", "slots": 2.0, "after": 1.5,
		}},
		{"photo", func(l *slog.Logger) { l.WarnContext(photo, "two\nlines", "error", errors.New(`bad "one"`)) }, map[string]any{
			"severity": "WARNING", "message": "two\nlines", "error": `bad "one"`, "key": `a\xff.jpg`, "generation": 7.0, "batch": "b1",
		}},
		{"what the line says itself", func(l *slog.Logger) {
			l.With("generation", 8).DebugContext(photo, "again", "key", queue.Key("b"))
		}, map[string]any{
			"severity": "DEBUG", "message": "again", "key": "b", "generation": 8.0, "batch": "b1",
		}},
		{"trace", func(l *slog.Logger) { l.InfoContext(trace.ContextWithSpanContext(t.Context(), span), "traced") }, map[string]any{
			"severity": "INFO", "message": "traced",
			"logging.googleapis.com/trace":         "projects/p/traces/01000000000000000000000000000000",
			"logging.googleapis.com/spanId":        "0200000000000000",
			"logging.googleapis.com/trace_sampled": true,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := logged(t, Options{Level: slog.LevelDebug, Project: "p"}, tt.write)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestErrorReporting(t *testing.T) {
	got := logged(t, Options{Service: "burnish-worker", Version: "v1"}, func(l *slog.Logger) {
		l.Error("handler panicked", "stack", "goroutine 1 [running]:")
	})
	where := got["context"].(map[string]any)["reportLocation"].(map[string]any)
	if where["filePath"] != "logging_test.go" || where["lineNumber"].(float64) < 1 || !strings.Contains(where["functionName"].(string), "TestErrorReporting") {
		t.Errorf("it is reported from %v", where)
	}
	delete(got, "context")
	want := map[string]any{
		"severity": "ERROR", "message": "handler panicked", "stack_trace": "goroutine 1 [running]:",
		"@type":          "type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent",
		"serviceContext": map[string]any{"service": "burnish-worker", "version": "v1"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestText(t *testing.T) {
	var b bytes.Buffer
	log := New(&b, Options{Format: Text, Level: slog.LevelInfo})
	ctx := With(t.Context(), slog.Any("key", queue.Key("a\xff.jpg")))
	log.DebugContext(ctx, "unheard")
	log.InfoContext(ctx, "heard")
	if got := b.String(); strings.Count(got, "\n") != 1 || !strings.HasSuffix(got, `level=INFO msg=heard key=a\xff.jpg`+"\n") {
		t.Errorf("it wrote %q", got)
	}
}

func TestParseLevel(t *testing.T) {
	for text, want := range map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warning": slog.LevelWarn, "error": slog.LevelError} {
		if got, err := ParseLevel(text); got != want || err != nil {
			t.Errorf("ParseLevel(%q) = %v, %v", text, got, err)
		}
	}
	if _, err := ParseLevel("loud"); err == nil {
		t.Error("loud is taken for a level")
	}
}
