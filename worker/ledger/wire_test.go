package ledger

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"burnish/imaging"
	"burnish/queue"
)

// golden is an outcome as recorders of every release will meet it.
const golden = `{"version":1,"batch":"20261122T101500Z-a1","key":"a/\\xff.jpg","generation":"1712345678901234",` +
	`"lane":"rerun","status":"failed","reason":"corrupt","message":"decode: corrupt","recipe":"catalogue",` +
	`"fingerprint":"f00d","attempt":2,"sourceBytes":1234,"written":{"jpeg":{"variants":3,"bytes":99}},` +
	`"cpuMillis":250,"elapsedMillis":1500,"ended":"2026-11-22T10:15:30.123Z"}`

func goldenOutcome() Outcome {
	return Outcome{
		Batch: "20261122T101500Z-a1", Key: "a/\xff.jpg", Generation: 1712345678901234, Lane: queue.Rerun,
		Status: Failed, Reason: imaging.Corrupt, Message: "decode: corrupt", Recipe: "catalogue", Fingerprint: "f00d",
		Attempt: 2, SourceBytes: 1234, Written: map[imaging.Format]Written{imaging.JPEG: {Variants: 3, Bytes: 99}},
		CPU: 250 * time.Millisecond, Elapsed: 1500 * time.Millisecond,
		Ended: time.Date(2026, 11, 22, 10, 15, 30, 123_000_000, time.UTC),
	}
}

func TestWireForm(t *testing.T) {
	data, err := json.Marshal(goldenOutcome())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(golden, string(data)); diff != "" {
		t.Errorf("the JSON form changed, which recorders of other releases do not know:\n%s", diff)
	}
	var o Outcome
	if err := json.Unmarshal([]byte(golden), &o); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(goldenOutcome(), o); diff != "" {
		t.Error(diff)
	}
}

func TestWireRefuses(t *testing.T) {
	for _, tt := range []struct{ name, old, new, says string }{
		{"later version", `"version":1`, `"version":2`, "version is 2"},
		{"no key", `a/\\xff.jpg`, ``, "no key"},
		{"key that is no text of one", `\\xff`, `\\q`, "not the text of a key"},
		{"batch that leads elsewhere", `20261122T101500Z-a1`, `../../variants`, "batch id"},
		{"unknown status", `"failed"`, `"perhaps"`, "status"},
		{"no reason", `"corrupt"`, `""`, "reason"},
		{"negative size", `"sourceBytes":1234`, `"sourceBytes":-1`, "no size"},
		{"endless time", `"elapsedMillis":1500`, `"elapsedMillis":9999999999999`, "no time spent"},
		{"no end", `2026-11-22T10:15:30.123Z`, `0001-01-01T00:00:00Z`, "no time"},
		{"foreign format", `"jpeg":`, `"gif":`, "gif"},
		{"cut off", `}}`, ``, "JSON"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(golden, tt.old, tt.new, 1)
			if text == golden {
				t.Fatalf("%s is not in the golden", tt.old)
			}
			var o Outcome
			err := o.UnmarshalJSON([]byte(text))
			if !errors.Is(err, ErrWire) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want ErrWire about %q", err, tt.says)
			}
		})
	}
}

func TestWirePassesOverWhatIsNew(t *testing.T) {
	var o Outcome
	if err := json.Unmarshal([]byte(`{"colour":"red",`+golden[1:]), &o); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(goldenOutcome(), o); diff != "" {
		t.Error(diff)
	}
}
