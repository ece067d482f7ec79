package main

import (
	"encoding/csv"
	"strings"
	"testing"

	"burnish/queue"
	"burnish/worker/ledger"
)

// TestCSVIsExactAndHarmless: every key comes back, and nothing begins a formula.
func TestCSVIsExactAndHarmless(t *testing.T) {
	keys := []queue.Key{
		"a.jpg", "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1", "", `\x3d`, `back\slash`,
		"bad \xff\xfe", "\xef\xbc", "line\nbreak", `quo"te, comma`, "日本語", "\u202eright to left",
	}
	for _, key := range keys {
		var out strings.Builder
		list := csvForm(&out)
		o := ledger.Outcome{Key: key, Status: ledger.Failed, Reason: "corrupt", Message: "=1+1\nsecond line"}
		if err := list.add(o); err != nil {
			t.Fatal(err)
		}
		if err := list.end(); err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
		if err != nil || len(records) != 2 {
			t.Fatalf("%q: %d records, %v", key, len(records), err)
		}
		for i, cell := range records[1] {
			if evaluated(cell) || strings.ContainsAny(cell, "\t\r\n") {
				t.Errorf("%q: column %s is %q", key, records[0][i], cell)
			}
		}
		var got queue.Key
		if err := got.UnmarshalText([]byte(records[1][1])); err != nil || got != key {
			t.Errorf("%q comes back as %q, %v", key, got, err)
		}
	}
}
