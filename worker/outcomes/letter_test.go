package outcomes

import (
	"errors"
	"strings"
	"testing"
	"time"

	gcp "cloud.google.com/go/pubsub/v2"
	"github.com/google/go-cmp/cmp"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ledger"
)

var sent = time.Date(2026, 11, 22, 23, 59, 59, 0, time.UTC)

func photo(bucket, object string) (queue.Key, bool) {
	key, ok := strings.CutPrefix(object, "photos/")
	return queue.Key(key), ok && bucket == "in"
}

func event(bucket, object, generation string) map[string]string {
	return map[string]string{
		"eventType": "OBJECT_FINALIZE", "bucketId": bucket, "objectId": object, "objectGeneration": generation,
	}
}

func TestDeadLetter(t *testing.T) {
	for _, tt := range []struct {
		name       string
		data       string
		attributes map[string]string
		reason     imaging.Reason
		key        queue.Key
		generation int64
		batch      string // that it is kept in
		says       []string
	}{
		{
			name: "a job", data: `{"key":"a.jpg","generation":7,"batch":"b1"}`, attributes: map[string]string{attempts: "10"},
			reason: imaging.Internal, key: "a.jpg", generation: 7, batch: "b1", says: []string{"10 deliveries"},
		},
		{
			name: "an upload", data: `{}`, attributes: event("in", "photos/a.jpg", "8"),
			reason: imaging.Internal, key: "a.jpg", generation: 8, batch: "20261122T000000Z-upload",
		},
		{
			name: "attempts that nobody counted", data: `{"key":"a.jpg"}`, attributes: map[string]string{attempts: "-9e9"},
			reason: imaging.Internal, key: "a.jpg", batch: "20261122T000000Z-upload",
		},
		{
			name: "no JSON", data: "gar\xffbage", reason: imaging.Malformed,
			key: "message 42 of upload", batch: "20261122T000000Z-upload", says: []string{`gar\xffbage`, "not a job"},
		},
		{
			name: "no key", data: `{"generation":7}`, reason: imaging.Malformed,
			key: "message 42 of upload", batch: "20261122T000000Z-upload", says: []string{"names no key", "generation"},
		},
		{
			name: "a batch that leads elsewhere", data: `{"key":"a.jpg","batch":"../../variants"}`, reason: imaging.Malformed,
			key: "message 42 of upload", batch: "20261122T000000Z-upload", says: []string{"batch id", "../../variants"},
		},
		{
			name: "a notification without a generation", data: `{}`, attributes: event("in", "photos/a.jpg", ""), reason: imaging.Malformed,
			key: "message 42 of upload", batch: "20261122T000000Z-upload", says: []string{"objectGeneration", "photos/a.jpg"},
		},
		{
			name: "a notification of another bucket", data: `{}`, attributes: event("other", "photos/a.jpg", "8"), reason: imaging.Malformed,
			key: "message 42 of upload", batch: "20261122T000000Z-upload", says: []string{"other"},
		},
		{
			name: "a large message", data: strings.Repeat("x", 1<<20), reason: imaging.Malformed,
			key: "message 42 of upload", batch: "20261122T000000Z-upload",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := &gcp.Message{ID: "42", Data: []byte(tt.data), Attributes: tt.attributes, PublishTime: sent}
			o := deadLetter(queue.Upload, m, photo)
			if o.Status != ledger.Failed || o.Reason != tt.reason || o.Key != tt.key || o.Generation != tt.generation {
				t.Errorf("got %+v", o)
			}
			if got := batchOf(o); got != tt.batch {
				t.Errorf("kept in %s, want %s", got, tt.batch)
			}
			for _, s := range tt.says {
				if !strings.Contains(o.Message, s) {
					t.Errorf("%q does not say %q", o.Message, s)
				}
			}
			// What no segment takes would come back for ever.
			data, err := o.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			if err := new(ledger.Outcome).UnmarshalJSON(data); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestOutcomeOf(t *testing.T) {
	want := ledger.Outcome{Key: "a.jpg", Lane: queue.Backfill, Batch: "b1", Status: ledger.Done, Attempt: 1, Ended: sent}
	data, err := want.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, outcomeOf(&gcp.Message{ID: "1", Data: data, PublishTime: sent})); diff != "" {
		t.Error(diff)
	}
	o := outcomeOf(&gcp.Message{ID: "2", Data: []byte("<html>"), PublishTime: sent})
	if o.Reason != imaging.Malformed || !strings.Contains(o.Message, "<html>") || batchOf(o) != "20261122T000000Z-other" {
		t.Errorf("got %+v in %s", o, batchOf(o))
	}
	if err := ledger.CheckBatch(batchOf(ledger.Outcome{Lane: "../..", Ended: sent})); err != nil {
		t.Error(errors.Join(errors.New("a lane becomes part of a name"), err))
	}
}
