package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"burnish/imaging"
	"burnish/queue"
)

// metadataKey names the counts, in an object's metadata as in a file's footer.
const metadataKey = "ledger"

// version of the counts and columns. Readers refuse a later one.
const version = 1

// maxMetadata bounds the counts in bytes that are written, maxForeign those that are read.
// Cloud Storage takes 8 KiB of metadata per object, but ext4 has only one block of 4 KiB for
// all extended attributes of a file, where quotes and backslashes are escaped once more.
const (
	maxMetadata = 2500
	maxForeign  = 8 << 10
)

// ErrVersion reports a segment that a later version of Burnish has written.
var ErrVersion = errors.New("written by a later version of Burnish")

// counts is a Summary as JSON.
type counts struct {
	Version     int                              `json:"version"`
	Done        int64                            `json:"done"`
	Skipped     map[imaging.Reason]int64         `json:"skipped,omitempty"`
	Failed      map[imaging.Reason]int64         `json:"failed,omitempty"`
	Again       int64                            `json:"again,omitempty"`
	SourceBytes int64                            `json:"sourceBytes"`
	Written     map[imaging.Format]writtenCounts `json:"written,omitempty"`
	CPUMillis   int64                            `json:"cpuMs"`
	First       time.Time                        `json:"first"`
	Last        time.Time                        `json:"last"`
	Savings     []savingCounts                   `json:"savings,omitempty"`
	Examples    map[imaging.Reason][]queue.Key   `json:"examples,omitempty"`
}

type writtenCounts struct {
	Variants int   `json:"variants"`
	Bytes    int64 `json:"bytes"`
}

type savingCounts struct {
	Key         queue.Key      `json:"key"`
	SourceBytes int64          `json:"sourceBytes"`
	Format      imaging.Format `json:"format"`
	Bytes       int64          `json:"bytes"`
}

// marshalCounts returns the summary as at most maxMetadata bytes of JSON: savings and examples
// are put in, one after the other, as long as they fit.
func marshalCounts(s Summary) (string, error) {
	c := counts{
		Version:     version,
		Done:        s.Done,
		Skipped:     s.Skipped,
		Failed:      s.Failed,
		Again:       s.Again,
		SourceBytes: s.SourceBytes,
		CPUMillis:   s.CPU.Milliseconds(),
		First:       s.First,
		Last:        s.Last,
		Examples:    make(map[imaging.Reason][]queue.Key),
	}
	for format, w := range s.Written {
		if c.Written == nil {
			c.Written = make(map[imaging.Format]writtenCounts)
		}
		c.Written[format] = writtenCounts(w)
	}
	if len(c.json()) > maxMetadata {
		return "", fmt.Errorf("counts take more than %d bytes", maxMetadata)
	}
	c.addSavings(s.Savings)
	c.addExamples(s.Examples)
	return c.json(), nil
}

func (c *counts) addSavings(savings []Saving) {
	for _, s := range savings {
		before := c.Savings
		c.Savings = append(slices.Clip(before), savingCounts(s))
		if len(c.json()) > maxMetadata {
			c.Savings = before
		}
	}
}

// addExamples takes one of each reason before it takes a second of any.
func (c *counts) addExamples(examples map[imaging.Reason][]queue.Key) {
	reasons := slices.Sorted(maps.Keys(examples))
	for i := range maxExamples {
		for _, reason := range reasons {
			if i >= len(examples[reason]) {
				continue
			}
			before := c.Examples[reason]
			c.Examples[reason] = append(slices.Clip(before), examples[reason][i])
			if len(c.json()) <= maxMetadata {
				continue
			}
			if c.Examples[reason] = before; before == nil {
				delete(c.Examples, reason)
			}
		}
	}
}

// json cannot fail: every field is of a type that JSON can express, and times come from
// outcomes, whose years have been checked.
func (c counts) json() string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(c); err != nil {
		panic(err)
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// parseCounts is the inverse of marshalCounts. It takes nothing that marshalCounts cannot have
// written: the metadata of an object may be anybody's.
func parseCounts(text string) (Summary, error) {
	var v struct {
		Version int `json:"version"`
	}
	if len(text) > maxForeign {
		return Summary{}, fmt.Errorf("counts are longer than %d bytes", maxForeign)
	}
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return Summary{}, fmt.Errorf("counts: %w", err)
	}
	if v.Version > version {
		return Summary{}, fmt.Errorf("%w: its version is %d, this one reads %d", ErrVersion, v.Version, version)
	}
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	var c counts
	if err := d.Decode(&c); err != nil {
		return Summary{}, fmt.Errorf("counts: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return Summary{}, errors.New("counts are followed by something else")
	}
	if err := c.check(); err != nil {
		return Summary{}, fmt.Errorf("counts: %w", err)
	}
	return c.summary(), nil
}

func (c counts) summary() Summary {
	s := Summary{
		Done:        c.Done,
		Skipped:     c.Skipped,
		Failed:      c.Failed,
		Again:       c.Again,
		SourceBytes: c.SourceBytes,
		CPU:         time.Duration(c.CPUMillis) * time.Millisecond,
		First:       c.First.UTC(),
		Last:        c.Last.UTC(),
		Examples:    c.Examples,
	}
	for format, w := range c.Written {
		if s.Written == nil {
			s.Written = make(map[imaging.Format]Written)
		}
		s.Written[format] = Written(w)
	}
	for _, v := range c.Savings {
		s.Savings = append(s.Savings, Saving(v))
	}
	return s
}
