package outcomes

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	gcp "cloud.google.com/go/pubsub/v2"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ledger"
)

// Photo tells which photo an object that a notification names is, or false if it is none.
type Photo func(bucket, object string) (queue.Key, bool)

// attempts is the attribute in which the service says how often a dead letter was delivered.
const attempts = "CloudPubSubDeadLetterSourceDeliveryCount"

// deadLetter is the end of a job that no worker has ended, or that is none.
func deadLetter(lane queue.Lane, m *gcp.Message, photo Photo) ledger.Outcome {
	job, err := jobOf(m, photo)
	if err != nil {
		return malformed(lane, m, err)
	}
	n, _ := strconv.Atoi(m.Attributes[attempts])
	n = min(max(n, 0), 100) // which is as many as the service knows
	return ledger.Outcome{
		Batch: job.Batch, Key: job.Key, Generation: job.Generation, Lane: lane,
		Status: ledger.Failed, Reason: imaging.Internal, Attempt: n,
		Message: fmt.Sprintf("given up after %d deliveries: no worker that took it came to an end", n),
		Ended:   m.PublishTime,
	}
}

// jobOf reads the job that a dead letter asks for.
func jobOf(m *gcp.Message, photo Photo) (queue.Job, error) {
	if m.Attributes["eventType"] != "" {
		return uploaded(m.Attributes, photo)
	}
	var job queue.Job
	if err := json.Unmarshal(m.Data, &job); err != nil {
		return job, fmt.Errorf("not a job: %w", err)
	}
	if job.Key == "" {
		return job, errors.New("not a job: it names no key")
	}
	if job.Batch == "" {
		return job, nil
	}
	return job, ledger.CheckBatch(job.Batch)
}

// uploaded reads the job from a notification of Cloud Storage.
func uploaded(attributes map[string]string, photo Photo) (job queue.Job, err error) {
	job.Generation, err = strconv.ParseInt(attributes["objectGeneration"], 10, 64)
	if err != nil || job.Generation <= 0 {
		return job, fmt.Errorf("not a notification: objectGeneration is %q", attributes["objectGeneration"])
	}
	var ok bool
	if job.Key, ok = photo(attributes["bucketId"], attributes["objectId"]); !ok {
		return job, fmt.Errorf("not a photo of this source: %q in bucket %q", attributes["objectId"], attributes["bucketId"])
	}
	return job, nil
}

// malformed is the end of a message that is neither job nor outcome. It has no key, so it is
// named by where it came from; its text is kept as far as a message of the ledger goes.
func malformed(lane queue.Lane, m *gcp.Message, why error) ledger.Outcome {
	raw := string(m.Data)
	if len(m.Attributes) > 0 && lane == queue.Upload {
		raw = fmt.Sprintf("%s %v", raw, m.Attributes)
	}
	return ledger.Outcome{
		Key:  queue.Key(fmt.Sprintf("message %s of %s", m.ID, lane)),
		Lane: lane, Status: ledger.Failed, Reason: imaging.Malformed,
		Message: fmt.Sprintf("%v; the message: %q", why, raw),
		Ended:   m.PublishTime,
	}
}

// batchOf is the batch that an outcome is kept in. Uploads belong to none that anybody asked
// for, so each lane has one for each day. It depends on nothing but the outcome, so that
// duplicates meet in one batch.
func batchOf(o ledger.Outcome) string {
	if o.Batch != "" {
		return o.Batch
	}
	day := o.Ended.UTC().Truncate(24 * time.Hour).Format("20060102T150405Z")
	if !slices.Contains(queue.Lanes, o.Lane) {
		return day + "-other"
	}
	return day + "-" + string(o.Lane)
}
