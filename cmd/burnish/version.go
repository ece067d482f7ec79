package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"

	"burnish/cmd/internal/setup"
	"burnish/imaging"
	"burnish/imaging/imager"
)

type versionCmd struct {
	JSON bool `help:"Print JSON."`
}

type versions struct {
	Burnish string        `json:"burnish"`
	Go      string        `json:"go"`
	Imager  imaging.Build `json:"imager"`
}

func (c *versionCmd) Run(log *slog.Logger) error {
	v := versions{Burnish: version, Go: strings.TrimPrefix(runtime.Version(), "go")}
	fmt.Fprintf(versionOut(c.JSON), "burnish  %s (Go %s, %s/%s)\n", v.Burnish, v.Go, runtime.GOOS, runtime.GOARCH)
	pool, err := setup.StartImagers(context.Background(), imager.Options{Slots: 1, Log: log})
	if err != nil {
		return exit{exitNotStarted, err}
	}
	defer pool.Close()
	v.Imager = pool.Build()
	if c.JSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	}
	fmt.Printf("imager   %s (algorithm %d)\nlibvips  %s\n", v.Imager.Version, v.Imager.Algorithm, v.Imager.Libvips)
	for _, name := range slices.Sorted(maps.Keys(v.Imager.Codecs)) {
		fmt.Printf("  %-10s %s\n", name, v.Imager.Codecs[name])
	}
	reads := make([]string, len(v.Imager.Reads))
	for i, f := range v.Imager.Reads {
		reads[i] = string(f)
	}
	fmt.Printf("reads    %s\nwrites   jpeg, webp, avif\n", strings.Join(reads, ", "))
	return nil
}

// versionOut keeps the lines for people out of the JSON.
func versionOut(json bool) *os.File {
	if json {
		return os.Stderr
	}
	return os.Stdout
}
