package queue

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ErrKey says that a text is not one that MarshalText writes.
var ErrKey = errors.New("not the text of a key")

// MarshalText returns the key as UTF-8, from which UnmarshalText makes the same key again: a
// backslash is doubled, a byte that is not part of valid UTF-8 becomes \xNN, and everything
// else stays as it is. It does not fail.
func (k Key) MarshalText() ([]byte, error) {
	if utf8.ValidString(string(k)) && !strings.Contains(string(k), `\`) {
		return []byte(k), nil
	}
	var b strings.Builder
	for rest := string(k); rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, rest[0])
		default:
			b.WriteString(rest[:size])
		}
		rest = rest[size:]
	}
	return []byte(b.String()), nil
}

// UnmarshalText sets the key from its text form, or returns ErrKey.
func (k *Key) UnmarshalText(text []byte) error {
	if !utf8.Valid(text) {
		return fmt.Errorf("%w: %q is not UTF-8", ErrKey, text)
	}
	var b strings.Builder
	rest := string(text)
	for {
		plain, escape, found := strings.Cut(rest, `\`)
		b.WriteString(plain)
		if !found {
			*k = Key(b.String())
			return nil
		}
		c, after, err := unescape(escape)
		if err != nil {
			return fmt.Errorf("%w: %q: %w", ErrKey, text, err)
		}
		b.WriteByte(c)
		rest = after
	}
}

// unescape reads what follows a backslash.
func unescape(s string) (c byte, rest string, err error) {
	switch {
	case strings.HasPrefix(s, `\`):
		return '\\', s[1:], nil
	case strings.HasPrefix(s, "x") && len(s) >= 3:
		n, err := strconv.ParseUint(s[1:3], 16, 8)
		if err != nil {
			break
		}
		return byte(n), s[3:], nil
	}
	return 0, "", errors.New(`a backslash stands before another one, or before x and two hexadecimal digits`)
}
