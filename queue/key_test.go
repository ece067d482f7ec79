package queue

import (
	"encoding/json"
	"errors"
	"testing"
	"unicode/utf8"
)

func TestKeyText(t *testing.T) {
	for _, test := range []struct {
		name string
		key  Key
		text string
	}{
		{"plain", "a/b.jpg", "a/b.jpg"},
		{"empty", "", ""},
		{"UTF-8", "写真/é.jpg", "写真/é.jpg"},
		{"the replacement rune itself", "\uFFFD", "\uFFFD"},
		{"newline, quote and zero stay", "a\nb\"c\x00", "a\nb\"c\x00"},
		{"backslash", `a\b`, `a\\b`},
		{"what looks like an escape", `\x41`, `\\x41`},
		{"Latin-1", "caf\xe9.jpg", `caf\xe9.jpg`},
		{"half a rune", "\xe5\x86", `\xe5\x86`},
		{"half a rune, then one", "\xe5é", `\xe5é`},
		{"surrogate", "\xed\xa0\x80", `\xed\xa0\x80`},
		{"overlong", "\xc0\xaf", `\xc0\xaf`},
		{"backslash and byte", "\\\xff", `\\\xff`},
	} {
		t.Run(test.name, func(t *testing.T) {
			text, err := test.key.MarshalText()
			if err != nil || string(text) != test.text {
				t.Errorf("MarshalText: %q, %v; want %q", text, err, test.text)
			}
			var back Key
			if err := back.UnmarshalText(text); err != nil || back != test.key {
				t.Errorf("UnmarshalText: %q, %v; want %q", string(back), err, string(test.key))
			}
		})
	}
}

func TestKeyTextRefused(t *testing.T) {
	for _, text := range []string{`\`, `a\`, `\n`, `\x`, `\x4`, `\xg0`, `\x+4`, `\X41`, "\xff"} {
		k := Key("before")
		if err := k.UnmarshalText([]byte(text)); !errors.Is(err, ErrKey) {
			t.Errorf("%q: got %v", text, err)
		}
		if k != "before" {
			t.Errorf("%q: the key became %q", text, string(k))
		}
	}
}

func FuzzKeyText(f *testing.F) {
	for _, s := range []string{"a", "\xff\\", `\x`, "é\xc3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text, err := Key(s).MarshalText()
		if err != nil || !utf8.Valid(text) {
			t.Fatalf("MarshalText of %q: %q, %v", s, text, err)
		}
		var k Key
		if err := k.UnmarshalText(text); err != nil || k != Key(s) {
			t.Fatalf("%q came back as %q, %v", s, string(k), err)
		}
	})
}

// TestJobJSON pins what stands on the wire.
func TestJobJSON(t *testing.T) {
	for _, test := range []struct {
		name, json string
		job        Job
	}{
		{"all", `{"key":"a/caf\\xe9.jpg","generation":1712345678901234567,"batch":"b7","recipe":"ab12"}`, Job{"a/caf\xe9.jpg", 1712345678901234567, "b7", "ab12"}},
		{"key only", `{"key":"a/b.jpg"}`, Job{Key: "a/b.jpg"}},
		{"backslash", `{"key":"a\\\\b"}`, Job{Key: `a\b`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b, err := json.Marshal(test.job)
			if err != nil || string(b) != test.json {
				t.Errorf("got %s, %v; want %s", b, err, test.json)
			}
			var back Job
			if err := json.Unmarshal([]byte(test.json), &back); err != nil || back != test.job {
				t.Errorf("got %+v, %v; want %+v", back, err, test.job)
			}
		})
	}
}
