package pubsub

import (
	"encoding/json"
	"fmt"
	"strconv"

	gcp "cloud.google.com/go/pubsub/v2"

	"burnish/queue"
)

// job reads the job that a message asks for, or returns false if it asks for none: a
// notification about an object that is no photo, or about anything but new bytes.
func (q *Queue) job(m *gcp.Message) (queue.Job, bool, error) {
	if _, ok := m.Attributes["eventType"]; ok && q.opts.Photo != nil {
		return notification(m.Attributes, q.opts.Photo)
	}
	var job queue.Job
	if err := json.Unmarshal(m.Data, &job); err != nil {
		return queue.Job{}, false, fmt.Errorf("not a job: %w", err)
	}
	if job.Key == "" {
		return queue.Job{}, false, fmt.Errorf("not a job: it names no key")
	}
	return job, true, nil
}

// notification reads what Cloud Storage tells in a message's attributes. The data, which
// depends on the payload format of the notification, is not needed.
//
// https://docs.cloud.google.com/storage/docs/pubsub-notifications#attributes
func notification(attributes map[string]string, photo func(bucket, object string) (queue.Key, bool)) (queue.Job, bool, error) {
	if attributes["eventType"] != "OBJECT_FINALIZE" {
		return queue.Job{}, false, nil
	}
	generation, err := strconv.ParseInt(attributes["objectGeneration"], 10, 64)
	if err != nil || generation <= 0 {
		return queue.Job{}, false, fmt.Errorf("not a notification: objectGeneration is %q", attributes["objectGeneration"])
	}
	key, ok := photo(attributes["bucketId"], attributes["objectId"])
	if !ok {
		return queue.Job{}, false, nil
	}
	return queue.Job{Key: key, Generation: generation}, true, nil
}
