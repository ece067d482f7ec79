package setup

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.37.0"
)

// tracesWanted reports whether the environment says where traces go.
//
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
func tracesWanted() bool {
	if off, _ := strconv.ParseBool(os.Getenv("OTEL_SDK_DISABLED")); off || os.Getenv("OTEL_TRACES_EXPORTER") == "none" {
		return false
	}
	return os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
}

// Traces has spans sent to where the environment says, if it does. The returned function sends
// what is left. Everything else is as the SDK reads it from the environment: headers,
// certificates, sampler, limits and what the resource is called.
func Traces(ctx context.Context, service, version string, log *slog.Logger) (flush func(context.Context) error, err error) {
	if !tracesWanted() {
		return func(context.Context) error { return nil }, nil
	}
	exporter, err := otlptrace.New(ctx, otlpClient())
	if err != nil {
		return nil, fmt.Errorf("OTLP: %w", err)
	}
	about, err := resource.New(ctx,
		resource.WithAttributes(semconv.ServiceName(service), semconv.ServiceVersion(version)),
		resource.WithHost(), resource.WithTelemetrySDK(), resource.WithFromEnv()) // the last one wins
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	otel.SetTracerProvider(provider)
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("OpenTelemetry", "error", err) }))
	return provider.Shutdown, nil
}

// otlpClient returns a client of the protocol that the environment names.
func otlpClient() otlptrace.Client {
	if cmp.Or(os.Getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL")) == "grpc" {
		return otlptracegrpc.NewClient()
	}
	return otlptracehttp.NewClient()
}
