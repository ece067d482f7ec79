// Package gemini asks a Gemini image model to edit a photo, and pays for each answer once.
//
// What a model is called, takes, gives and costs is data: see Model. What can go wrong with an
// answer is a closed list: see Reason. Neither prompts nor keys stand in any error or log line.
package gemini

import (
	"context"
	"fmt"
	"unicode/utf8"

	"burnish/imaging"
)

// Editor edits photos. Client is one; what waits for quota or answers from a batch is another.
type Editor interface {
	// Edit returns the edited photo. An error is an *Error wherever the model or the service is
	// the reason; what was paid all the same stands in it. Edit blocks for as long as the model
	// takes, 15 to 40 s as a rule, and for what the rate allows.
	Edit(ctx context.Context, r Request) (Answer, error)
}

// Request is one edit of one photo.
type Request struct {
	Prompt string         // what to do, at most MaxPrompt bytes of UTF-8; never logged
	Photo  []byte         // coded, as the model's file allows
	Format imaging.Format // of the photo: JPEG, PNG, WebP or HEIC
	Size   string         // one of the model's sizes
	Aspect string         // one of the model's aspect ratios, as "4:5"

	// Seed has the model draw the same again, as far as it keeps to that. It is part of what a
	// request is: another seed is another request, which is paid for again.
	Seed int32
}

// MaxPrompt is how long a prompt may be, in bytes.
const MaxPrompt = 16 << 10

// Answer is what the model made of a photo.
type Answer struct {
	Image         []byte // coded
	Format        imaging.Format
	Width, Height int // pixels

	ModelVersion string  // the one that answered, as it names itself
	ResponseID   string  // what the service knows the answer by
	Usage        Usage   // what was billed
	Cost         float64 // US dollars by the model's prices
	Unsure       float64 // US dollars that earlier attempts may have cost besides, as in Error
	Batch        bool    // through the Batch API, at its price

	// Stored says that the answer was paid for before, and came out of the store: this time it
	// has cost nothing.
	Stored bool
}

// Usage counts the tokens that an answer is billed by.
type Usage struct {
	Input       int64 `json:"input"`       // prompt and photo
	OutputText  int64 `json:"outputText"`  // text and thoughts
	OutputImage int64 `json:"outputImage"` // pictures
}

// Plus adds two counts.
func (u Usage) Plus(o Usage) Usage {
	return Usage{u.Input + o.Input, u.OutputText + o.OutputText, u.OutputImage + o.OutputImage}
}

// mediaTypes are the formats that models read.
var mediaTypes = map[imaging.Format]string{
	imaging.JPEG: "image/jpeg", imaging.PNG: "image/png", imaging.WebP: "image/webp", imaging.HEIC: "image/heic",
}

// check reports why the model would not take the request, before anything is sent.
func (m Model) check(r Request) error {
	if r.Prompt == "" || len(r.Prompt) > MaxPrompt || !utf8.ValidString(r.Prompt) {
		return reject("the prompt is %d bytes; expected 1 to %d bytes of UTF-8", len(r.Prompt), MaxPrompt)
	}
	if len(r.Photo) == 0 || int64(len(r.Photo)) > int64(m.PhotoBytes) {
		return reject("the photo has %d bytes; %s takes 1 byte to %v", len(r.Photo), m.ID, m.PhotoBytes)
	}
	if _, ok := mediaTypes[r.Format]; !ok {
		return reject("the photo is %q, which %s does not read; expected jpeg, png, webp or heic", r.Format, m.ID)
	}
	if _, ok := m.Sizes[r.Size]; !ok {
		return reject("%s has no size %q; it has %v", m.ID, r.Size, m.SizeNames())
	}
	if _, err := m.ratio(r.Aspect); err != nil {
		return reject("%v", err)
	}
	return nil
}

func reject(format string, args ...any) error {
	return &Error{Reason: Rejected, Detail: fmt.Sprintf(format, args...)}
}
