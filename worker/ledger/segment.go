package ledger

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"burnish/imaging"
	"burnish/queue"
)

// row is an outcome as a segment holds it. Its tags are a wire format: queries over years of
// segments name these columns, and BigQuery loads several files at once only if all have the
// same columns in the same order.
type row struct {
	Batch         string    `parquet:"batch,dict"`
	Key           string    `parquet:"key,plain"`
	Generation    int64     `parquet:"generation"`
	Lane          string    `parquet:"lane,dict"`
	Status        string    `parquet:"status,dict"`
	Reason        string    `parquet:"reason,optional,dict"`
	Message       string    `parquet:"message,optional,plain"`
	Recipe        string    `parquet:"recipe,dict"`
	Fingerprint   string    `parquet:"fingerprint,dict"`
	Attempt       int64     `parquet:"attempt"`
	SourceBytes   int64     `parquet:"source_bytes"`
	JPEGVariants  int64     `parquet:"jpeg_variants,optional"`
	JPEGBytes     int64     `parquet:"jpeg_bytes,optional"`
	WebPVariants  int64     `parquet:"webp_variants,optional"`
	WebPBytes     int64     `parquet:"webp_bytes,optional"`
	AVIFVariants  int64     `parquet:"avif_variants,optional"`
	AVIFBytes     int64     `parquet:"avif_bytes,optional"`
	CPUMillis     int64     `parquet:"cpu_ms"`
	ElapsedMillis int64     `parquet:"elapsed_ms"`
	Ended         time.Time `parquet:"ended,timestamp(microsecond)"`
}

// maxMessage bounds a message in bytes: it tells a person what was wrong, no more.
const maxMessage = 1000

// word is what a reason looks like.
var word = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)

// rowOf checks an outcome and puts it into the form of a segment of the batch.
func rowOf(o Outcome, batch string) (row, error) {
	if o.Batch != "" && o.Batch != batch {
		return row{}, fmt.Errorf("outcome of %q belongs to batch %q, not to %q", o.Key, o.Batch, batch)
	}
	if err := checkEnd(o.Status, o.Reason); err != nil {
		return row{}, fmt.Errorf("outcome of %q: %w", o.Key, err)
	}
	if o.Ended.IsZero() {
		o.Ended = time.Now()
	}
	if err := o.checkNumbers(); err != nil {
		return row{}, fmt.Errorf("outcome of %q: %w", o.Key, err)
	}
	key, err := o.Key.MarshalText()
	if err != nil {
		return row{}, err
	}
	r := row{
		Batch:         batch,
		Key:           string(key),
		Generation:    o.Generation,
		Lane:          string(o.Lane),
		Status:        string(o.Status),
		Reason:        string(o.Reason),
		Message:       clip(o.Message),
		Recipe:        o.Recipe,
		Fingerprint:   o.Fingerprint,
		Attempt:       int64(o.Attempt),
		SourceBytes:   o.SourceBytes,
		CPUMillis:     o.CPU.Round(time.Millisecond).Milliseconds(),
		ElapsedMillis: o.Elapsed.Round(time.Millisecond).Milliseconds(),
		Ended:         o.Ended.UTC().Truncate(time.Microsecond),
	}
	for format, w := range o.Written {
		variants, bytes := r.written(format)
		if variants == nil {
			return row{}, fmt.Errorf("outcome of %q: no variants are written as %q", o.Key, format)
		}
		*variants, *bytes = int64(w.Variants), w.Bytes
	}
	return r, nil
}

// outcome is the inverse of rowOf.
func (r row) outcome() (Outcome, error) {
	var key queue.Key
	if err := key.UnmarshalText([]byte(r.Key)); err != nil {
		return Outcome{}, err
	}
	o := Outcome{
		Batch:       r.Batch,
		Key:         key,
		Generation:  r.Generation,
		Lane:        queue.Lane(r.Lane),
		Status:      Status(r.Status),
		Reason:      imaging.Reason(r.Reason),
		Message:     r.Message,
		Recipe:      r.Recipe,
		Fingerprint: r.Fingerprint,
		Attempt:     int(r.Attempt),
		SourceBytes: r.SourceBytes,
		CPU:         time.Duration(r.CPUMillis) * time.Millisecond,
		Elapsed:     time.Duration(r.ElapsedMillis) * time.Millisecond,
		Ended:       r.Ended.UTC(),
	}
	if err := checkEnd(o.Status, o.Reason); err != nil {
		return Outcome{}, fmt.Errorf("outcome of %q: %w", key, err)
	}
	for _, format := range imaging.Written {
		if variants, bytes := r.written(format); *variants != 0 || *bytes != 0 {
			if o.Written == nil {
				o.Written = make(map[imaging.Format]Written)
			}
			o.Written[format] = Written{Variants: int(*variants), Bytes: *bytes}
		}
	}
	return o, nil
}

// written returns the columns of a format, or nils when it has none.
func (r *row) written(f imaging.Format) (variants, bytes *int64) {
	switch f {
	case imaging.JPEG:
		return &r.JPEGVariants, &r.JPEGBytes
	case imaging.WebP:
		return &r.WebPVariants, &r.WebPBytes
	case imaging.AVIF:
		return &r.AVIFVariants, &r.AVIFBytes
	}
	return nil, nil
}

func checkEnd(s Status, r imaging.Reason) error {
	switch {
	case s != Done && s != Skipped && s != Failed:
		return fmt.Errorf("status is %q, not done, skipped or failed", s)
	case s == Done && r != "":
		return fmt.Errorf("done has the reason %q, but must have none", r)
	case s != Done && !word.MatchString(string(r)):
		return fmt.Errorf("%s has %q as its reason, which is not a word of the list", s, r)
	}
	return nil
}

// checkNumbers reports what cannot be measured: the years bound what JSON can write, the rest
// what sums can hold.
func (o Outcome) checkNumbers() error {
	for _, n := range []int64{o.SourceBytes, int64(o.Attempt)} {
		if n < 0 || n > 1<<40 {
			return fmt.Errorf("%d is no size and no attempt", n)
		}
	}
	for _, w := range o.Written {
		if w.Variants < 0 || w.Variants > 1<<20 || w.Bytes < 0 || w.Bytes > 1<<40 {
			return fmt.Errorf("%d variants of %d bytes cannot be", w.Variants, w.Bytes)
		}
	}
	for _, d := range []time.Duration{o.CPU, o.Elapsed} {
		if d < 0 || d > 30*24*time.Hour {
			return fmt.Errorf("%v is no time spent on a photo", d)
		}
	}
	if y := o.Ended.UTC().Year(); y < 1970 || y > 9999 {
		return fmt.Errorf("it ended in the year %d", y)
	}
	return nil
}

// clip makes a message valid UTF-8 of at most maxMessage bytes.
func clip(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= maxMessage {
		return s
	}
	n := maxMessage - len("…")
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
