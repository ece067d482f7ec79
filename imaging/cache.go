package imaging

import (
	"fmt"
	"regexp"
	"strings"
)

// CacheControl is how long those who fetch a variant may keep it: AutoCache, or the value of
// an HTTP header of that name.
type CacheControl string

// AutoCache lets a variant be kept for a year where its URL never changes its bytes, and for
// an hour where a new photo or recipe changes them.
//
// Neither says public, which a max-age makes needless for what anybody may fetch (RFC 9111,
// section 3) and which would let shared caches keep what only some may (section 3.5).
const AutoCache CacheControl = "auto"

const (
	cacheForEver  = "max-age=31536000, immutable" // immutable spares a browser asking on a reload: RFC 8246
	cacheAnHour   = "max-age=3600"                // as Cloud Storage says of public objects itself
	maxCacheBytes = 256
)

// Header is the value of the Cache-Control header of every variant.
func (o Output) Header() string {
	switch {
	case o.CacheControl != AutoCache && o.CacheControl != "":
		return string(o.CacheControl)
	case o.FingerprintInPath:
		return cacheForEver
	}
	return cacheAnHour
}

const (
	// cacheDirective is a directive for responses, without those that name fields: RFC 9111,
	// section 5.2.2, RFC 5861 and RFC 8246. A time is in seconds, up to 31 years.
	cacheDirective = `(?:public|private|no-cache|no-store|no-transform|must-revalidate|proxy-revalidate|must-understand|immutable|` +
		`(?:max-age|s-maxage|stale-while-revalidate|stale-if-error)=(?:0|[1-9][0-9]{0,8}))`

	// cachePattern is the text form of a CacheControl, as Go and as JSON Schema read it.
	cachePattern = `^(?:auto|` + cacheDirective + `(?:, ?` + cacheDirective + `)*)$`
)

var cacheForm = regexp.MustCompile(cachePattern)

// UnmarshalText reads directives with commas between them, none twice, or auto.
func (c *CacheControl) UnmarshalText(text []byte) error {
	if len(text) > maxCacheBytes || !cacheForm.Match(text) {
		return fmt.Errorf("%q is no Cache-Control such as max-age=3600", text)
	}
	seen := make(map[string]bool)
	for directive := range strings.SplitSeq(string(text), ",") {
		name, _, _ := strings.Cut(strings.TrimSpace(directive), "=")
		if seen[name] {
			return fmt.Errorf("%q has %s twice", text, name)
		}
		seen[name] = true
	}
	if seen["public"] && seen["private"] {
		return fmt.Errorf("%q is both public and private", text)
	}
	*c = CacheControl(text)
	return nil
}
