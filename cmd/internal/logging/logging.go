// Package logging writes what a long-running process has to say, a line for each record.
//
// The lines are text for people or the JSON that Cloud Logging reads. Either way a context
// brings along what its lines are about: the photo, and the span of its trace.
package logging

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
)

// Format is what lines look like.
type Format string

// The formats.
const (
	Text Format = "text" // key=value, for people
	JSON Format = "json" // an object a line, as Cloud Logging reads it
)

// Options say how a process logs. All fields but Level are for JSON alone.
type Options struct {
	Format  Format
	Level   slog.Level
	Project string // in which Cloud Trace keeps the traces; empty where there is none
	Service string // as Error Reporting names the program
	Version string
}

// ParseLevel reads a level as Cloud Logging names its severities, in lower case.
func ParseLevel(text string) (slog.Level, error) {
	for level, name := range severities {
		if name == text {
			return level, nil
		}
	}
	return 0, fmt.Errorf("%q: expected debug, info, warning or error", text)
}

var severities = map[slog.Level]string{
	slog.LevelDebug: "debug",
	slog.LevelInfo:  "info",
	slog.LevelWarn:  "warning",
	slog.LevelError: "error",
}

// New returns a logger that writes to w.
func New(w io.Writer, o Options) *slog.Logger {
	if o.Format == JSON {
		return slog.New(handler{Handler: newCloud(w, o)})
	}
	return slog.New(handler{Handler: slog.NewTextHandler(w, &slog.HandlerOptions{Level: o.Level})})
}

// With returns a context whose records have these attributes too, unless they or their logger
// have some of the same key.
func With(ctx context.Context, attrs ...slog.Attr) context.Context {
	return context.WithValue(ctx, about{}, append(attrsOf(ctx), attrs...))
}

// about is the key of a context's attributes.
type about struct{}

func attrsOf(ctx context.Context) []slog.Attr {
	attrs, _ := ctx.Value(about{}).([]slog.Attr)
	return slices.Clip(attrs)
}

// handler adds to each record what its context brings along.
type handler struct {
	slog.Handler
	has []string // keys of the logger's own attributes
}

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	has := slices.Clip(h.has)
	r.Attrs(func(a slog.Attr) bool {
		has = append(has, a.Key)
		return true
	})
	r = r.Clone()
	for _, a := range attrsOf(ctx) {
		if !slices.Contains(has, a.Key) {
			r.AddAttrs(a)
		}
	}
	return h.Handler.Handle(ctx, r)
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	has := slices.Clip(h.has)
	for _, a := range attrs {
		has = append(has, a.Key)
	}
	return handler{h.Handler.WithAttrs(attrs), has}
}

func (h handler) WithGroup(name string) slog.Handler {
	return handler{h.Handler.WithGroup(name), h.has}
}
