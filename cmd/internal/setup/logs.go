package setup

import (
	"io"
	"log/slog"
	"os"
	"strings"

	"golang.org/x/term"
	"google.golang.org/grpc/grpclog"

	"burnish/cmd/internal/logging"
)

// Logger returns the logger of a command: text on standard error, warnings and above unless
// debug is wanted.
func Logger(debug bool) *slog.Logger {
	level := slog.LevelWarn
	if debug {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}

// LogFormat is what lines on standard error look like unless somebody asks for something else:
// text on a terminal, else JSON.
func LogFormat() logging.Format {
	if term.IsTerminal(int(os.Stderr.Fd())) {
		return logging.Text
	}
	return logging.JSON
}

// ProcessLogger returns the logger of a process that runs for long, on standard error, and has
// the libraries write to it too.
func ProcessLogger(o logging.Options) *slog.Logger {
	log := logging.New(os.Stderr, o)
	slog.SetDefault(log) // also package log's
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, complaints{log}))
	return log
}

// complaints logs what gRPC writes, a line at a time.
type complaints struct{ log *slog.Logger }

func (c complaints) Write(p []byte) (int, error) {
	c.log.Warn("gRPC: " + strings.TrimSpace(string(p)))
	return len(p), nil
}
