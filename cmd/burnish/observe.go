package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"burnish/cmd/internal/health"
	"burnish/cmd/internal/logging"
	"burnish/cmd/internal/observe"
	"burnish/cmd/internal/setup"
)

// observeFlags say how a process that runs for long shows what it does.
type observeFlags struct {
	HTTP      string `name:"http" placeholder:"ADDR" help:"Serve /metrics, /healthz and /readyz there, for instance :9090. Default: not."`
	Pprof     string `placeholder:"ADDR" help:"Serve /debug/pprof there, on this machine alone, for instance 127.0.0.1:6060. Default: not."`
	LogFormat string `enum:"auto,text,json" default:"auto" placeholder:"F" help:"Lines on standard error: text, json as Cloud Logging reads it, or auto: text on a terminal, else json. Default: ${default}."`
	LogLevel  string `enum:"debug,info,warning,error" default:"info" placeholder:"L" help:"Least severity that is logged: debug, info, warning or error. Default: ${default}."`
}

// observed is what a process shows of itself.
type observed struct {
	log     *slog.Logger
	metrics *prometheus.Registry
	health  *health.Health
}

// checked is how often each part is asked that the work needs.
const checked = 10 * time.Second

// observe runs a process and shows it as the flags say. In JSON the error that it ends with is
// a line like any other.
func (f observeFlags) observe(outer *slog.Logger, service, project string, run func(observed) error) error {
	level, err := logging.ParseLevel(f.LogLevel)
	if err != nil {
		return exit{exitUsage, fmt.Errorf("--log-level %w", err)}
	}
	if outer.Enabled(context.Background(), slog.LevelDebug) { // --debug
		level = slog.LevelDebug
	}
	format := logging.Format(f.LogFormat)
	if format == "auto" {
		format = setup.LogFormat()
	}
	log := setup.ProcessLogger(logging.Options{Format: format, Level: level, Project: project, Service: service, Version: version})
	err = f.serve(observed{log, observe.NewRegistry(version), health.New(log)}, service, run)
	if err == nil || err.Error() == "" || format == logging.Text {
		return err
	}
	log.Error(err.Error())
	return exit{statusOf(err), nil}
}

// flushing bounds how long a process waits at its end for its last spans to be taken.
const flushing = 3 * time.Second

// serve runs a process with its servers and traces.
func (f observeFlags) serve(o observed, service string, run func(observed) error) error {
	if f.Pprof != "" {
		s, err := observe.ServeProfiles(f.Pprof, o.log)
		if errors.Is(err, observe.ErrNotLocal) {
			return exit{exitUsage, fmt.Errorf("--pprof %w", err)}
		}
		if err != nil {
			return fmt.Errorf("--pprof %w", err)
		}
		defer s.Close()
	}
	if f.HTTP != "" {
		o.metrics.MustRegister(o.health)
		s, err := observe.Serve(f.HTTP, o.metrics, o.health, o.log)
		if err != nil {
			return fmt.Errorf("--http %w", err)
		}
		defer s.Close()
	}
	flush, err := setup.Traces(context.Background(), service, version, o.log)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), flushing)
		defer cancel()
		if err := flush(ctx); err != nil {
			o.log.Warn("the last spans were not taken", "error", err)
		}
	}()
	return run(o)
}
