package gemini

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/genai"
)

// Job is a batch of edits at the Batch API, as it can be kept as JSON: whoever has it can ask how
// far the batch is and collect its answers, after a restart or on another machine.
type Job struct {
	Name      string            `json:"name"` // the service's
	Model     string            `json:"model"`
	Submitted time.Time         `json:"submitted"`
	Keys      map[string]string `json:"keys"` // own key to the hash of its request
	Results   string            `json:"results,omitempty"`
}

// State is how far a batch is.
type State string

// The states of a batch. The service works for up to 24 hours, and keeps an unfinished batch for
// 48. What ended without success has cost nothing that the service tells.
const (
	Waiting  State = "waiting"
	Done     State = "done"    // its answers can be collected; some may be errors
	Failed   State = "failed"  // as a whole, or cancelled
	TimedOut State = "expired" // the service gave up on it
)

// maxBatch bounds a batch's input, in bytes. The service takes 2 GB a file; this client holds the
// input in memory while it is sent.
const maxBatch = 256 << 20

// Submit hands over edits that can wait, at the price for batches, each under a key of the
// caller's own. Requests that were answered before are not sent, but are collected all the same.
//
// If Submit fails after the service has taken the batch, nobody knows its name: its answers are
// then billed and lost. So keep the Job before anything else is done.
func (c *Client) Submit(ctx context.Context, edits map[string]Request) (Job, error) {
	if c.options.Key == "" {
		return Job{}, errors.New("gemini: batches go through the Gemini API, with a key; Vertex AI's need a bucket")
	}
	job := Job{Model: c.model.ID, Submitted: time.Now().UTC(), Keys: map[string]string{}}
	var input bytes.Buffer
	for key, r := range edits {
		if err := c.model.check(r); err != nil {
			return Job{}, fmt.Errorf("edit %q: %w", key, err)
		}
		job.Keys[key] = c.model.Hash(r)
		if _, err := c.stored(ctx, job.Keys[key]); !errors.Is(err, ErrNoAnswer) {
			continue
		}
		if err := json.NewEncoder(&input).Encode(c.model.line(key, r)); err != nil {
			return Job{}, fmt.Errorf("edit %q: %w", key, err)
		}
		if input.Len() > maxBatch {
			return Job{}, fmt.Errorf("gemini: a batch of more than %d MiB: submit fewer edits at once", maxBatch>>20)
		}
	}
	if input.Len() == 0 {
		return job, nil
	}
	x := &exchange{limit: maxReply}
	file, err := c.sdk.Files.Upload(withExchange(ctx, x), &input, &genai.UploadFileConfig{MIMEType: "application/jsonl"})
	if err != nil {
		return Job{}, fmt.Errorf("upload a batch: %w", classify(ctx, err, x))
	}
	made, err := c.sdk.Batches.Create(withExchange(ctx, x), c.model.ID, &genai.BatchJobSource{FileName: file.Name}, nil)
	if err != nil {
		return Job{}, fmt.Errorf("submit a batch: %w", classify(ctx, err, x))
	}
	job.Name = made.Name
	return job, nil
}

// line is a request as it stands in a batch's file.
func (m Model) line(key string, r Request) any {
	type object = map[string]any
	return object{"key": key, "request": object{
		"contents": m.contents(r),
		"generationConfig": object{
			"responseModalities": []string{string(genai.ModalityImage)}, "candidateCount": 1, "seed": r.Seed,
			"imageConfig": object{"aspectRatio": r.Aspect, "imageSize": r.Size},
		},
	}}
}

// Poll asks how far a batch is, and notes in the job where its answers are.
func (c *Client) Poll(ctx context.Context, job *Job) (State, error) {
	if job.Name == "" { // everything was answered before
		return Done, nil
	}
	x := &exchange{limit: maxReply}
	b, err := c.sdk.Batches.Get(withExchange(ctx, x), job.Name, nil)
	if err != nil {
		return Waiting, fmt.Errorf("ask for a batch: %w", classify(ctx, err, x))
	}
	switch b.State {
	case genai.JobStateSucceeded, genai.JobStatePartiallySucceeded:
		if b.Dest != nil {
			job.Results = b.Dest.FileName
		}
		if job.Results == "" {
			return Failed, nil
		}
		return Done, nil
	case genai.JobStateFailed, genai.JobStateCancelled:
		return Failed, nil
	case genai.JobStateExpired:
		return TimedOut, nil
	}
	return Waiting, nil
}

// Outcome is what became of one edit of a batch.
type Outcome struct {
	Answer Answer
	Err    error // an *Error, as of Edit
}

// Collect stores the answers of a batch that is done, in whatever order they come, and hands each
// on by its key. edits are those that were submitted. A key without an answer has an error with
// reason Unavailable. It may be called again: what is stored is not fetched into the store twice.
func (c *Client) Collect(ctx context.Context, job Job, edits map[string]Request, each func(key string, o Outcome)) error {
	left := map[string]bool{}
	for key, hash := range job.Keys {
		r, ok := edits[key]
		if !ok || c.model.Hash(r) != hash {
			return fmt.Errorf("gemini: the batch's edit %q is not the one that is given now: give what was submitted", key)
		}
		a, err := c.stored(ctx, hash)
		if errors.Is(err, ErrNoAnswer) {
			left[key] = true
			continue
		}
		each(key, Outcome{a, err})
	}
	if len(left) > 0 && job.Results != "" {
		if err := c.fetch(ctx, job, edits, left, each); err != nil {
			return err
		}
	}
	for key := range left {
		each(key, Outcome{Err: &Error{Reason: Unavailable, Detail: "the batch has no answer for it"}})
	}
	return nil
}

// fetch reads the file of answers, and takes those it settles out of left.
func (c *Client) fetch(ctx context.Context, job Job, edits map[string]Request, left map[string]bool, each func(string, Outcome)) error {
	x := &exchange{limit: maxReply}
	for key := range left {
		x.limit += c.model.replyLimit(edits[key].Size)
	}
	data, err := c.sdk.Files.Download(withExchange(ctx, x), genai.NewDownloadURIFromFile(&genai.File{DownloadURI: job.Results}), nil)
	if err == nil && x.status >= 300 { // the SDK takes an error reply for the file
		err = genai.APIError{Code: x.status}
	}
	if err != nil {
		return fmt.Errorf("fetch a batch's answers: %w", classify(ctx, err, x))
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	for {
		var line struct {
			Key      string                         `json:"key"`
			Response *genai.GenerateContentResponse `json:"response"`
			Error    *struct {
				Code int `json:"code"`
			} `json:"error"`
		}
		if err := dec.Decode(&line); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return &Error{Reason: Malformed, Detail: "the file of a batch's answers"}
		}
		if !left[line.Key] {
			continue // twice, or of nobody
		}
		delete(left, line.Key)
		var o Outcome
		if line.Response != nil {
			o.Answer, o.Err = c.model.read(line.Response, edits[line.Key], true)
		} else {
			o.Err = &Error{Reason: Unavailable, Detail: "in the batch"}
			if line.Error != nil && line.Error.Code == 3 { // INVALID_ARGUMENT of google.rpc.Code
				o.Err = &Error{Reason: Rejected, Detail: "in the batch"}
			}
		}
		o.Answer, o.Err = c.keep(ctx, job.Keys[line.Key], o.Answer, o.Err)
		each(line.Key, o)
	}
}
