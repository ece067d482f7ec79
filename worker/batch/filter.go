package batch

import (
	"fmt"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/dustin/go-humanize"

	"burnish/queue"
	"burnish/worker/store"
)

// Filter selects photos. Empty fields select all; a photo has to meet every other.
type Filter struct {
	Prefix queue.Key `json:"prefix,omitempty"` // of the key
	// Glob is a pattern for the whole key: * and ? stop at slashes, ** does not, [a-z] and
	// {jpg,png} are as in a shell.
	Glob     string    `json:"glob,omitempty"`
	Since    time.Time `json:"since,omitzero"`     // updated then or later
	Before   time.Time `json:"before,omitzero"`    // updated earlier
	MinBytes int64     `json:"minBytes,omitempty"` // of the photo
	MaxBytes int64     `json:"maxBytes,omitempty"`
	Sample   Sample    `json:"sample,omitempty"`
}

// Check reports a pattern that is none, and bounds that let nothing through.
func (f Filter) Check() error {
	if !doublestar.ValidatePattern(f.Glob) {
		return fmt.Errorf("pattern %q: a bracket, a brace or a backslash is without its end", f.Glob)
	}
	if p := f.literal(); !strings.HasPrefix(p, string(f.Prefix)) && !strings.HasPrefix(string(f.Prefix), p) {
		return fmt.Errorf("no key that begins with %q matches the pattern %q", f.Prefix, f.Glob)
	}
	if !f.Since.IsZero() && !f.Before.IsZero() && !f.Since.Before(f.Before) {
		return fmt.Errorf("nothing was updated since %s and before %s", f.Since.Format(time.RFC3339), f.Before.Format(time.RFC3339))
	}
	if f.MaxBytes > 0 && f.MinBytes > f.MaxBytes {
		return fmt.Errorf("nothing has at least %d and at most %d bytes", f.MinBytes, f.MaxBytes)
	}
	return f.Sample.check()
}

// Has reports whether a photo is selected; its name is its key.
func (f Filter) Has(photo store.Attrs) bool {
	return photo.Size >= f.MinBytes && (f.MaxBytes == 0 || photo.Size <= f.MaxBytes) &&
		!photo.Updated.Before(f.Since) && (f.Before.IsZero() || photo.Updated.Before(f.Before)) &&
		f.names(photo.Name)
}

// names reports whether the key alone is selected.
func (f Filter) names(key string) bool {
	return strings.HasPrefix(key, string(f.Prefix)) &&
		(f.Glob == "" || doublestar.MatchUnvalidated(f.Glob, key)) &&
		f.Sample.has(key)
}

// listed is the longest prefix of all that is selected.
func (f Filter) listed() string {
	if p := f.literal(); len(p) > len(f.Prefix) {
		return p
	}
	return string(f.Prefix)
}

// literal is what the pattern begins with before anything special.
func (f Filter) literal() string {
	if i := strings.IndexAny(f.Glob, `*?[{\`); i >= 0 {
		return f.Glob[:i]
	}
	return f.Glob
}

// ParseTime reads a day, of which it takes the first moment in UTC, or a moment of RFC 3339.
func ParseTime(text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q: expected a day as 2026-11-30, or a moment as 2026-11-30T22:15:00Z", text)
}

// ParseBytes reads a size, as 800KB, 5MB or 1MiB.
func ParseBytes(text string) (int64, error) {
	n, err := humanize.ParseBytes(text)
	if err != nil || strings.HasPrefix(strings.TrimSpace(text), "-") || n > 1<<50 {
		return 0, fmt.Errorf("%q: expected a size as 800KB, 5MB or 1MiB", text)
	}
	return int64(n), nil
}
