package imager

import (
	"errors"
	"fmt"
	"strings"

	"burnish/imaging"
)

// facts are the errors of an engine that keep their meaning across the pipe, each with the
// word that stands for it. Any other error crosses as imaging.Internal.
var facts = []struct {
	reason imaging.Reason
	err    error
}{
	{imaging.Corrupt, imaging.ErrCorrupt},
	{imaging.Truncated, imaging.ErrTruncated},
	{imaging.Unsupported, imaging.ErrUnsupported},
	{imaging.TooLarge, imaging.ErrTooLarge},
}

// maxMessage bounds the message of an error, in bytes: codecs quote what they read.
const maxMessage = 2000

// reasonOf is the word for an engine's error.
func reasonOf(err error) imaging.Reason {
	for _, f := range facts {
		if errors.Is(err, f.err) {
			return f.reason
		}
	}
	return imaging.Internal
}

// refusal is an engine's error on the parent's side: the child's message, which already
// contains the fact in words, and the fact itself for errors.Is.
type refusal struct {
	message string
	fact    error // nil for imaging.Internal
}

func (r *refusal) Error() string { return r.message }
func (r *refusal) Unwrap() error { return r.fact }

// refusalFor rebuilds the error that reasonOf named. A reason that is none of an engine's
// makes the reply malformed.
func refusalFor(reason imaging.Reason, message string) (*refusal, error) {
	message = bounded(message)
	if reason == imaging.Internal {
		return &refusal{message: message}, nil
	}
	for _, f := range facts {
		if f.reason == reason {
			return &refusal{message: message, fact: f.err}, nil
		}
	}
	return nil, fmt.Errorf("%w: unknown reason %.40q", errMalformed, reason)
}

// bounded makes a message fit to be sent, logged and shown: valid UTF-8 on one line.
func bounded(message string) string {
	if len(message) > maxMessage {
		message = message[:maxMessage] + " …"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(message, "\uFFFD"))
}
