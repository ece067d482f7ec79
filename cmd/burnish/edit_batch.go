package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"burnish/imaging/gemini"
)

// maxJob bounds the file of a batch's job, in bytes.
const maxJob = 1 << 20

// edit has the edit made: at once, or by the Batch API. waits says in words how far a batch is
// that is not done yet.
func (c *tryEditCmd) edit(ctx context.Context, client *gemini.Client, r gemini.Request) (a gemini.Answer, waits string, err error) {
	if c.Batch == "" {
		a, err = client.Edit(ctx, r)
		return a, "", err
	}
	edits := map[string]gemini.Request{c.Photo: r}
	data, err := readSmall(c.Batch)
	if errors.Is(err, fs.ErrNotExist) {
		waits, err = submitTo(ctx, client, c.Batch, edits)
		return gemini.Answer{}, waits, err
	}
	var job gemini.Job
	if err == nil {
		err = json.Unmarshal(data, &job)
	}
	if err != nil {
		return gemini.Answer{}, "", fmt.Errorf("%s is no batch's job: %w", c.Batch, err)
	}
	state, err := client.Poll(ctx, &job)
	if err != nil {
		return gemini.Answer{}, "", err
	}
	if state == gemini.Waiting {
		return gemini.Answer{}, "not done yet; run the same command again later", nil
	}
	if state != gemini.Done {
		return gemini.Answer{}, "", fmt.Errorf("the batch has %s: delete %s to submit another", state, c.Batch)
	}
	var o gemini.Outcome
	err = client.Collect(ctx, job, edits, func(_ string, got gemini.Outcome) { o = got })
	if err != nil {
		return gemini.Answer{}, "", err
	}
	return o.Answer, "", o.Err
}

// submitTo submits edits, and keeps the job in a new file. The file is made first: a job that
// cannot be kept is paid for in vain.
func submitTo(ctx context.Context, client *gemini.Client, path string, edits map[string]gemini.Request) (string, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	job, err := client.Submit(ctx, edits)
	if err != nil {
		return "", errors.Join(err, f.Close(), os.Remove(path))
	}
	err = json.NewEncoder(f).Encode(job)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("batch %s is submitted, but %s cannot be written: %w", job.Name, path, err)
	}
	return "submitted; run the same command again within two days", nil
}

// readSmall reads the file of a job.
func readSmall(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxJob {
		return nil, fmt.Errorf("expected a file of at most %s", size(maxJob))
	}
	return os.ReadFile(path)
}
