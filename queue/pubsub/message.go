package pubsub

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"strconv"

	gcp "cloud.google.com/go/pubsub/v2"

	"burnish/queue"
)

// ReadJob reads the job that a message asks for, or returns false if it asks for none: a
// notification about an object that is no photo, or about anything but new bytes. The error
// says why the message is malformed. Three forms are understood:
//
//   - the JSON of a queue.Job as its data, as Publish sends it;
//   - a notification of Cloud Storage, which says all in its attributes, with any payload;
//   - a CloudEvent of Cloud Storage in binary or structured mode, as Eventarc has it.
//
// Without photo the latter two are malformed.
func ReadJob(m *gcp.Message, photo Photo) (job queue.Job, wanted bool, err error) {
	switch {
	case m.Attributes["eventType"] != "":
		return notification(m.Attributes, photo)
	case m.Attributes["ce-type"] != "":
		return binaryEvent(m, photo)
	case isCloudEvent(m.Attributes["content-type"]):
		return structuredEvent(m, photo)
	}
	if err := json.Unmarshal(m.Data, &job); err != nil {
		return queue.Job{}, false, fmt.Errorf("not a job: %w", err)
	}
	if job.Key == "" {
		return queue.Job{}, false, errors.New("not a job: it names no key")
	}
	if job.Generation < 0 {
		return queue.Job{}, false, fmt.Errorf("not a job: generation is %d", job.Generation)
	}
	return job, true, nil
}

// notification reads what Cloud Storage tells in a message's attributes. The data, which
// depends on the payload format of the notification, is not needed.
//
// https://docs.cloud.google.com/storage/docs/pubsub-notifications#attributes
func notification(attributes map[string]string, photo Photo) (queue.Job, bool, error) {
	if attributes["eventType"] != "OBJECT_FINALIZE" {
		return queue.Job{}, false, nil
	}
	return newObject(attributes["bucketId"], attributes["objectId"], attributes["objectGeneration"], photo)
}

// finalized is the type of the event that tells of new bytes.
const finalized = "google.cloud.storage.object.v1.finalized"

// storageObject is what is read of an event's data.
//
// https://github.com/googleapis/google-cloudevents/blob/main/proto/google/events/cloud/storage/v1/data.proto
type storageObject struct {
	Bucket     string      `json:"bucket"`
	Name       string      `json:"name"`
	Generation json.Number `json:"generation"` // a string in protobuf's JSON
}

// binaryEvent reads a CloudEvent whose context is in the attributes.
//
// https://github.com/googleapis/google-cloudevents/blob/main/docs/spec/pubsub.md#31-binary-content-mode
func binaryEvent(m *gcp.Message, photo Photo) (queue.Job, bool, error) {
	return event(m.Attributes["ce-type"], m.Data, photo)
}

// structuredEvent reads a CloudEvent that is the message's data as a whole.
func structuredEvent(m *gcp.Message, photo Photo) (queue.Job, bool, error) {
	var e struct {
		Type   string          `json:"type"`
		Data   json.RawMessage `json:"data"`
		Base64 []byte          `json:"data_base64"`
	}
	if err := json.Unmarshal(m.Data, &e); err != nil {
		return queue.Job{}, false, fmt.Errorf("not a CloudEvent: %w", err)
	}
	if e.Type == "" {
		return queue.Job{}, false, errors.New("not a CloudEvent: it has no type")
	}
	if e.Data == nil {
		e.Data = e.Base64
	}
	return event(e.Type, e.Data, photo)
}

func event(kind string, data []byte, photo Photo) (queue.Job, bool, error) {
	if kind != finalized {
		return queue.Job{}, false, nil
	}
	var o storageObject
	if err := json.Unmarshal(data, &o); err != nil {
		return queue.Job{}, false, fmt.Errorf("not the data of %s: %w", finalized, err)
	}
	return newObject(o.Bucket, o.Name, o.Generation.String(), photo)
}

// newObject is the job that new bytes of an object ask for.
func newObject(bucket, object, generation string, photo Photo) (queue.Job, bool, error) {
	if photo == nil {
		return queue.Job{}, false, errors.New("a notification, and the source is no bucket")
	}
	if bucket == "" || object == "" {
		return queue.Job{}, false, fmt.Errorf("not a notification: it names bucket %q and object %q", bucket, object)
	}
	n, err := strconv.ParseInt(generation, 10, 64)
	if err != nil || n <= 0 {
		return queue.Job{}, false, fmt.Errorf("not a notification: the generation is %q", generation)
	}
	key, ok := photo(bucket, object)
	if !ok {
		return queue.Job{}, false, nil
	}
	return queue.Job{Key: key, Generation: n}, true, nil
}

func isCloudEvent(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && kind == "application/cloudevents+json"
}
