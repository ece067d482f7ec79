package outcomes

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	gcp "cloud.google.com/go/pubsub/v2"

	"burnish/imaging"
	"burnish/queue"
	"burnish/queue/pubsub"
	"burnish/worker/ledger"
)

// attempts is the attribute in which the service says how often a dead letter was delivered.
const attempts = "CloudPubSubDeadLetterSourceDeliveryCount"

// deadLetter is the end of a job that no worker has ended, or that is none.
func deadLetter(lane queue.Lane, m *gcp.Message, photo pubsub.Photo) ledger.Outcome {
	job, err := jobOf(m, photo)
	if err != nil {
		return Malformed(lane, m, err)
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

// jobOf reads the job that a dead letter asks for. What no worker would have taken for a job
// is none here either.
func jobOf(m *gcp.Message, photo pubsub.Photo) (queue.Job, error) {
	job, wanted, err := pubsub.ReadJob(m, photo)
	switch {
	case err != nil:
		return job, err
	case !wanted:
		return job, errors.New("not about new bytes of a photo of this source")
	case job.Batch != "":
		return job, ledger.CheckBatch(job.Batch)
	}
	return job, nil
}

// Malformed is the end of a message that is neither job nor outcome. It has no key, so it is
// named by where it came from; its text is kept as far as a message of the ledger goes.
func Malformed(lane queue.Lane, m *gcp.Message, why error) ledger.Outcome {
	raw := string(m.Data)
	if len(m.Attributes) > 0 && slices.Contains(queue.Lanes, lane) {
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
