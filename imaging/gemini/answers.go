package gemini

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"burnish/imaging"
)

// Answers keeps what was paid for, by the hash of the request, before it is used: whoever asks for
// the same again, a redelivered job for instance, does not pay again. Its methods may be called
// from many goroutines.
type Answers interface {
	// Load returns what Save was given, or ErrNoAnswer.
	Load(ctx context.Context, hash string) ([]byte, error)

	// Save keeps data for good before it returns. What is there already may stay.
	Save(ctx context.Context, hash string, data []byte) error
}

// ErrNoAnswer says that a request has not been answered before.
var ErrNoAnswer = errors.New("no stored answer")

// Hash names a request: the same model, photo, prompt, size, ratio and seed.
func (m Model) Hash(r Request) string {
	h := sha256.New()
	for _, part := range [][]byte{
		[]byte("edit 1"), []byte(m.ID), []byte(r.Prompt), []byte(r.Format), []byte(r.Size), []byte(r.Aspect),
		binary.BigEndian.AppendUint32(nil, uint32(r.Seed)), r.Photo,
	} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part)))) // so that no two lists of parts read alike
		h.Write(part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// record is the first line of a stored answer, in JSON; the picture follows.
type record struct {
	Reason       Reason         `json:"reason,omitempty"` // why there is no picture
	Detail       string         `json:"detail,omitempty"`
	Format       imaging.Format `json:"format,omitempty"`
	Width        int            `json:"width,omitempty"`
	Height       int            `json:"height,omitempty"`
	ModelVersion string         `json:"modelVersion"`
	ResponseID   string         `json:"responseId"`
	Usage        Usage          `json:"usage"`
	Cost         float64        `json:"costUSD"`
	Batch        bool           `json:"batch,omitempty"`
}

// stored returns a request's answer of an earlier time.
func (c *Client) stored(ctx context.Context, hash string) (Answer, error) {
	data, err := c.options.Answers.Load(ctx, hash)
	if errors.Is(err, ErrNoAnswer) {
		return Answer{}, err
	}
	if err != nil {
		return Answer{}, &Error{Reason: Unavailable, Detail: "the store of answers", Err: err}
	}
	head, picture, found := bytes.Cut(data, []byte("\n"))
	var r record
	if err := json.Unmarshal(head, &r); err != nil || !found || (r.Reason == "") != (len(picture) > 0) {
		return Answer{}, ErrNoAnswer // damaged: as good as none
	}
	if r.Reason != "" {
		return Answer{}, &Error{Reason: r.Reason, Detail: r.Detail, Usage: r.Usage, Cost: r.Cost, Stored: true}
	}
	return Answer{
		Image: picture, Format: r.Format, Width: r.Width, Height: r.Height, ModelVersion: r.ModelVersion,
		ResponseID: r.ResponseID, Usage: r.Usage, Cost: r.Cost, Batch: r.Batch, Stored: true,
	}, nil
}

// saving is what storing an answer may take after the time for its edit is over: it is paid for.
const saving = 30 * time.Second

// keep stores an answer that was paid for, and only then hands it on.
func (c *Client) keep(ctx context.Context, hash string, a Answer, err error) (Answer, error) {
	r := record{
		Format: a.Format, Width: a.Width, Height: a.Height, ModelVersion: a.ModelVersion,
		ResponseID: a.ResponseID, Usage: a.Usage, Cost: a.Cost, Batch: a.Batch,
	}
	picture := a.Image
	if err != nil {
		e := (*Error)(nil)
		if !errors.As(err, &e) || !e.Reason.final() {
			return Answer{}, err
		}
		r.Reason, r.Detail, picture = e.Reason, e.Detail, nil
	}
	head, jsonErr := json.Marshal(r)
	if jsonErr != nil {
		return Answer{}, fmt.Errorf("write an answer's record: %w", jsonErr)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saving)
	defer cancel()
	if saveErr := c.options.Answers.Save(ctx, hash, append(append(head, '\n'), picture...)); saveErr != nil {
		return Answer{}, &Error{Reason: Unstored, Usage: a.Usage, Cost: a.Cost, Err: saveErr}
	}
	if err != nil {
		return Answer{}, err
	}
	return a, nil
}
