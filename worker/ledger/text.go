package ledger

import (
	"encoding"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"burnish/queue"
)

// keyText is the key's text form: UTF-8, without loss.
func keyText(k queue.Key) string {
	if m, ok := any(k).(encoding.TextMarshaler); ok {
		if text, err := m.MarshalText(); err == nil {
			return string(text)
		}
	}
	var b strings.Builder
	for i := 0; i < len(k); {
		r, n := utf8.DecodeRuneInString(string(k[i:]))
		if r == '\\' || r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02X`, k[i])
		} else {
			b.WriteString(string(k[i : i+n]))
		}
		i += n
	}
	return b.String()
}

// textKey is the inverse of keyText.
func textKey(s string) (queue.Key, error) {
	var k queue.Key
	if m, ok := any(&k).(encoding.TextUnmarshaler); ok {
		err := m.UnmarshalText([]byte(s))
		return k, err
	}
	var b []byte
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 {
			return queue.Key(append(b, s...)), nil
		}
		b = append(b, s[:i]...)
		if len(s) < i+4 || s[i+1] != 'x' {
			return "", fmt.Errorf("escape %q is not \\xNN", s[i:min(len(s), i+4)])
		}
		n, err := strconv.ParseUint(s[i+2:i+4], 16, 8)
		if err != nil {
			return "", fmt.Errorf("escape %q is not \\xNN", s[i:i+4])
		}
		b, s = append(b, byte(n)), s[i+4:]
	}
}
