// Command engine makes the variants of photos with Burnish's engine inside one process: the
// bare decode and encodes that everything else is compared with.
//
// Requests and replies are JSON, one a line.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"burnish/imaging"
	"burnish/imaging/vips"
)

type request struct {
	Photo    string          `json:"photo"`
	Out      string          `json:"out"` // a folder for the variants; empty writes nothing
	Settings imaging.Request `json:"settings"`
}

type reply struct {
	Versions map[string]string `json:"versions,omitempty"`
	Variants []variant         `json:"variants,omitempty"`
	Timings  *imaging.Timings  `json:"timings,omitempty"`
	Analysis *imaging.Analysis `json:"analysis,omitempty"`
	Error    string            `json:"error,omitempty"`
}

type variant struct {
	imaging.Variant
	Bytes int    `json:"bytes"`
	File  string `json:"file"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "engine:", err)
		os.Exit(1)
	}
}

func run() error {
	e := vips.New("bench")
	defer e.Close()
	out := json.NewEncoder(os.Stdout)
	build := e.Build()
	versions := build.Codecs
	if versions == nil {
		versions = map[string]string{}
	}
	versions["libvips"] = build.Libvips
	if err := out.Encode(reply{Versions: versions}); err != nil {
		return err
	}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var req request
		if err := json.Unmarshal(in.Bytes(), &req); err != nil {
			return fmt.Errorf("read a request: %w", err)
		}
		res, err := answer(e, req)
		if err != nil {
			res.Error = err.Error()
		}
		if err := out.Encode(res); err != nil {
			return err
		}
	}
	return in.Err()
}

func answer(e *vips.Engine, req request) (reply, error) {
	source, err := os.ReadFile(req.Photo)
	if err != nil {
		return reply{}, err
	}
	req.Settings.Source = source
	res, err := e.Process(req.Settings, func(int64) error { return nil })
	if err != nil {
		return reply{}, err
	}
	r := reply{Timings: &res.Timings, Analysis: &res.Analysis}
	for _, v := range res.Variants {
		made := variant{Variant: v, Bytes: len(v.Data)}
		if req.Out != "" {
			made.File = filepath.Join(req.Out, v.Name+"."+v.Format.Ext())
			if err := write(made.File, v.Data); err != nil {
				return reply{}, err
			}
		}
		r.Variants = append(r.Variants, made)
	}
	return r, nil
}

func write(file string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}
