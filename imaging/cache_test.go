package imaging

import (
	"strings"
	"testing"
)

func TestCacheControl(t *testing.T) {
	for text, ok := range map[string]bool{
		"auto":                             true,
		"no-store":                         true,
		"public, max-age=31536000":         true,
		"private,no-cache,must-revalidate": true,
		"max-age=0":                        true,
		"max-age=60, s-maxage=600, stale-while-revalidate=60, stale-if-error=86400, no-transform": true,
		"":                           false,
		"auto, no-store":             false,
		"max-age":                    false,
		"max-age=-1":                 false,
		"max-age=007":                false,
		"max-age=9999999999":         false,
		"max-age=60; public":         false,
		"max-age=60,":                false,
		"Max-Age=60":                 false,
		"no-cache=\"set-cookie\"":    false,
		"whatever":                   false,
		"public, private":            false,
		"public, max-age=1, public":  false,
		"no-store\n":                 false,
		"no-store\r\nx: y":           false,
		"must-understand, no-store,": false,
		strings.Repeat("max-age=0,", 30) + "no-store": false,
	} {
		var c CacheControl
		if err := c.UnmarshalText([]byte(text)); (err == nil) != ok || ok && string(c) != text {
			t.Errorf("%q: %q, %v", text, c, err)
		}
	}
}

func TestHeader(t *testing.T) {
	for _, tt := range []struct {
		output Output
		want   string
	}{
		{Output{}, "max-age=3600"},
		{Output{CacheControl: AutoCache}, "max-age=3600"},
		{Output{FingerprintInPath: true, CacheControl: AutoCache}, "max-age=31536000, immutable"},
		{Output{FingerprintInPath: true, CacheControl: "no-store"}, "no-store"},
	} {
		if got := tt.output.Header(); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.output, got, tt.want)
		}
	}
}
