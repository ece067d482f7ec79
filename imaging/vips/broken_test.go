package vips

import (
	"errors"
	"strings"
	"testing"
)

// wantFact checks what an error states and that its text has the words.
func wantFact(t testing.TB, err, fact error, words ...string) {
	t.Helper()
	if !errors.Is(err, fact) {
		t.Fatalf("error is %v, want one of %q", err, fact)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}
