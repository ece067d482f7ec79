package gemini

import (
	"fmt"
	"strings"
	"time"
)

// Reason says why there is no edited photo. The list is closed.
type Reason string

// Reasons that are about this photo and prompt. The service has answered, and may have billed: to
// ask for the same again would cost again.
const (
	Blocked      Reason = "blocked"       // the prompt or photo was blocked before the model saw it
	Refused      Reason = "refused"       // the model, or a filter after it, refused
	NoImage      Reason = "no_image"      // an answer without a picture
	TextOnly     Reason = "text_only"     // words instead of a picture
	WrongSize    Reason = "wrong_size"    // a picture that is not of the size or ratio asked for
	CorruptImage Reason = "corrupt_image" // a picture that cannot be read
)

// Reasons that are about the service, at this moment.
const (
	HugeReply   Reason = "huge_reply"  // more than any picture of this size takes; not read to its end
	Malformed   Reason = "malformed"   // cut off, or not what the service is documented to say
	Throttled   Reason = "throttled"   // asked to slow down
	Unavailable Reason = "unavailable" // does not answer, or is overloaded
	Deadline    Reason = "deadline"    // the time for this edit was over
	DayQuota    Reason = "day_quota"   // the quota of the day is used up
	Denied      Reason = "denied"      // the key is wrong, or may not do this
	ModelGone   Reason = "model_gone"  // there is no such model (any more), or not in this region
	Rejected    Reason = "rejected"    // the request is not one that the model takes
	Unstored    Reason = "unstored"    // paid for, but could not be stored, and so is not used
)

// Error is why there is no edited photo.
type Error struct {
	Reason Reason

	// Detail says more in words of Burnish's own, or in codes of the service: never in the
	// service's sentences, which quote prompts and keys.
	Detail string

	// After is how long the service, or the breaker, asks to wait; 0 when nobody said.
	After time.Duration

	// Usage and Cost are what was billed all the same.
	Usage Usage
	Cost  float64 // US dollars

	// Unsure is what may have been billed besides, in US dollars by estimate: the request was sent
	// and no whole answer came back that tells.
	Unsure float64

	// Stored says that this answer was paid for before.
	Stored bool

	// Err is the fact below, where it is known to hold no secret; else nil.
	Err error
}

// Error implements error.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("Gemini: " + sentences[e.Reason])
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.After > 0 {
		fmt.Fprintf(&b, "; again in %v", e.After.Round(time.Second/10))
	}
	return b.String()
}

// Unwrap returns the fact below.
func (e *Error) Unwrap() error { return e.Err }

// sentences say what happened and what to do, by reason.
var sentences = map[Reason]string{
	Blocked:      "the prompt or the photo was blocked: word the prompt differently, or leave this photo as it is",
	Refused:      "the model refused: word the prompt differently, or leave this photo as it is",
	NoImage:      "it answered without a picture: another seed may help",
	TextOnly:     "it answered in words, without a picture: ask for a picture more plainly",
	WrongSize:    "its picture is not of the size asked for: another seed may help",
	CorruptImage: "its picture cannot be read: another seed may help",
	HugeReply:    "the reply is larger than any picture of this size",
	Malformed:    "the reply is cut off or not as documented",
	Throttled:    "it asks to slow down: lower requests_per_minute in the model file, or ask for more quota",
	Unavailable:  "it does not answer",
	Deadline:     "the time for this edit was over",
	DayQuota:     "the quota of the day is used up: go on tomorrow, or ask for more",
	Denied:       "the key is wrong or lacks permission: see docs/edits.md",
	ModelGone:    "there is no such model, or not here: give a newer one with --model-file, see docs/edits.md",
	Rejected:     "the request is not one that the model takes",
	Unstored:     "the answer was paid for but could not be stored, so it is not used",
}

// final reports whether the reason is the service's answer to this very request, which is stored,
// since asking again would be paid again.
func (r Reason) final() bool {
	switch r {
	case Blocked, Refused, NoImage, TextOnly, WrongSize, CorruptImage:
		return true
	}
	return false
}

// passing reports whether the same request may be tried again, soon and at no cost.
func (r Reason) passing() bool { return r == Throttled || r == Unavailable }

// shared reports whether the reason concerns every edit, so that the breaker opens.
func (r Reason) shared() bool { return r == Denied || r == ModelGone || r == DayQuota }
