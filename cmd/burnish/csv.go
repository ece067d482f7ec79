package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ledger"
)

// csvHeader names the columns of an outcome. They are those of a ledger's segments, in their
// order, so that whoever knows the one knows the other.
var csvHeader = []string{
	"batch", "key", "generation", "lane", "status", "reason", "message", "recipe", "fingerprint", "attempt",
	"source_bytes", "jpeg_variants", "jpeg_bytes", "webp_variants", "webp_bytes", "avif_variants", "avif_bytes",
	"cpu_ms", "elapsed_ms", "ended",
}

// csvRecord is an outcome as a record. A spreadsheet takes none of it for a formula.
func csvRecord(o ledger.Outcome) []string {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	r := []string{
		harmless(o.Batch), csvKey(o.Key), number(o.Generation), harmless(string(o.Lane)), string(o.Status), string(o.Reason),
		harmless(line(o.Message)), harmless(o.Recipe), harmless(o.Fingerprint), number(int64(o.Attempt)), number(o.SourceBytes),
	}
	for _, f := range []imaging.Format{imaging.JPEG, imaging.WebP, imaging.AVIF} {
		w := o.Written[f]
		r = append(r, number(int64(w.Variants)), number(w.Bytes))
	}
	return append(r, number(o.CPU.Milliseconds()), number(o.Elapsed.Milliseconds()), o.Ended.UTC().Format(time.RFC3339Nano))
}

// formula begins what spreadsheets evaluate, in its ASCII and full-width forms.
const formula = "=+-@＝＋－＠"

// csvKey is the text form of a key without control characters, of which a first character that
// begins a formula is written as bytes too. What reads text forms reads the very key.
func csvKey(key queue.Key) string {
	s := text(key)
	if !evaluated(s) {
		return s
	}
	_, size := utf8.DecodeRuneInString(s)
	var b strings.Builder
	for _, c := range []byte(s[:size]) {
		fmt.Fprintf(&b, `\x%02x`, c)
	}
	return b.String() + s[size:]
}

// evaluated reports whether a spreadsheet would take a cell for a formula.
func evaluated(s string) bool {
	first, size := utf8.DecodeRuneInString(s)
	return size > 0 && strings.ContainsRune(formula, first)
}

// harmless puts an apostrophe before what a spreadsheet would evaluate, as these do themselves.
func harmless(s string) string {
	if evaluated(s) {
		return "'" + s
	}
	return s
}
