package pubsub

import (
	"encoding/base64"
	"strings"
	"testing"

	gcp "cloud.google.com/go/pubsub/v2"

	"burnish/queue"
)

func TestJob(t *testing.T) {
	photo := func(bucket, object string) (queue.Key, bool) {
		key, ok := strings.CutPrefix(object, "photos/")
		return queue.Key(key), ok && bucket == "catalogue"
	}
	event := func(kind, bucket, object, generation string) map[string]string {
		return map[string]string{
			"eventType": kind, "bucketId": bucket, "objectId": object, "objectGeneration": generation,
			"payloadFormat": "JSON_API_V1",
		}
	}
	ce := func(kind string) map[string]string {
		return map[string]string{
			"ce-specversion": "1.0", "ce-id": "1", "ce-type": "google.cloud.storage.object.v1." + kind,
			"ce-source": "//storage.googleapis.com/projects/_/buckets/catalogue", "ce-subject": "objects/photos/a.jpg",
			"content-type": "application/json",
		}
	}
	structured := map[string]string{"content-type": "application/cloudevents+json; charset=UTF-8"}
	const object = `{"bucket":"catalogue","name":"photos/a.jpg","generation":"1712345678901234","size":"77"}`
	for _, test := range []struct {
		name       string
		data       string
		attributes map[string]string
		want       queue.Job
		none       bool
		err        string
	}{
		{name: "job", data: `{"key":"a\\xff","generation":7,"batch":"b"}`, want: queue.Job{Key: "a\xff", Generation: 7, Batch: "b"}},
		{name: "what a later release adds", data: `{"key":"a","colour":"red"}`, want: queue.Job{Key: "a"}},
		{name: "no key", data: `{"generation":7}`, err: "no key"},
		{name: "no JSON", data: `hello`, err: "not a job"},
		{name: "nothing", err: "not a job"},
		{name: "a key that is no text of one", data: `{"key":"\\q"}`, err: "not the text of a key"},
		{name: "a generation that is none", data: `{"key":"a","generation":1e30}`, err: "not a job"},
		{name: "upload", data: "{}", attributes: event("OBJECT_FINALIZE", "catalogue", "photos/a/b.jpg", "1712345678901234"), want: queue.Job{Key: "a/b.jpg", Generation: 1712345678901234}},
		{name: "deleted", attributes: event("OBJECT_DELETE", "catalogue", "photos/a", "1"), none: true},
		{name: "another bucket", attributes: event("OBJECT_FINALIZE", "other", "photos/a", "1"), none: true},
		{name: "written by Burnish", attributes: event("OBJECT_FINALIZE", "catalogue", "variants/a/320.jpg", "1"), none: true},
		{name: "no generation", attributes: event("OBJECT_FINALIZE", "catalogue", "photos/a", ""), err: "generation"},
		{name: "no object", attributes: event("OBJECT_FINALIZE", "catalogue", "", "1"), err: "names bucket"},
		{name: "a generation below zero", data: `{"key":"a","generation":-1}`, err: "generation is -1"},
		{name: "event", data: object, attributes: ce("finalized"), want: queue.Job{Key: "a.jpg", Generation: 1712345678901234}},
		{name: "event with a number", data: `{"bucket":"catalogue","name":"photos/a","generation":7}`, attributes: ce("finalized"), want: queue.Job{Key: "a", Generation: 7}},
		{name: "event of a deletion", data: object, attributes: ce("deleted"), none: true},
		{name: "event of another bucket", data: `{"bucket":"other","name":"photos/a","generation":"7"}`, attributes: ce("finalized"), none: true},
		{name: "event without data", attributes: ce("finalized"), err: "not the data of"},
		{name: "event without a generation", data: `{"bucket":"catalogue","name":"photos/a"}`, attributes: ce("finalized"), err: "generation"},
		{name: "event in one piece", data: `{"type":"google.cloud.storage.object.v1.finalized","data":` + object + `}`, attributes: structured, want: queue.Job{Key: "a.jpg", Generation: 1712345678901234}},
		{name: "event in base64", data: `{"type":"google.cloud.storage.object.v1.finalized","data_base64":"` + base64.StdEncoding.EncodeToString([]byte(object)) + `"}`, attributes: structured, want: queue.Job{Key: "a.jpg", Generation: 1712345678901234}},
		{name: "event of a type of its own", data: `{"type":"com.example.lunch"}`, attributes: structured, none: true},
		{name: "no event", data: `{}`, attributes: structured, err: "no type"},
		{name: "event cut short", data: `{"type":"google.cloud.sto`, attributes: structured, err: "not a CloudEvent"},
	} {
		t.Run(test.name, func(t *testing.T) {
			job, ok, err := ReadJob(&gcp.Message{Data: []byte(test.data), Attributes: test.attributes}, photo)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got %+v, %v, %v; want an error about %q", job, ok, err, test.err)
				}
				return
			}
			if err != nil || ok == test.none || job != test.want {
				t.Errorf("got %+v, %v, %v", job, ok, err)
			}
		})
	}
}

func TestNotificationsNobodyAskedFor(t *testing.T) {
	m := &gcp.Message{Data: []byte(`{"kind":"storage#object"}`), Attributes: map[string]string{"eventType": "OBJECT_FINALIZE"}}
	if job, ok, err := ReadJob(m, nil); err == nil {
		t.Errorf("got %+v, %v", job, ok)
	}
}

func TestAttempt(t *testing.T) {
	three := 3
	if got := attempt(&gcp.Message{}); got != 1 {
		t.Errorf("without a dead-letter policy: %d", got)
	}
	if got := attempt(&gcp.Message{DeliveryAttempt: &three}); got != 3 {
		t.Errorf("the third: %d", got)
	}
}
