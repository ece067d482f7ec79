package cloud

import (
	"slices"
	"testing"
)

func TestLeases(t *testing.T) {
	l := newLeases()
	one, two, other := holder{"upload", "1"}, holder{"upload", "2"}, holder{"rerun", "1"}
	for ack, h := range map[string]holder{"a": one, "b": one, "c": two, "d": two, "e": other} {
		l.hold(ack, h)
	}
	asleep := ""
	expect := func(when, sub string, want ...string) {
		t.Helper()
		got := l.living(func(through string) bool { return through != asleep })[sub]
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %s has %q to extend, want %q", when, sub, got, want)
		}
	}
	expect("at first", "upload", "a", "b", "c", "d")
	expect("at first", "rerun", "e")
	l.settle([]string{"a", "unknown"})
	expect("after an ack", "upload", "b", "c", "d")
	asleep = "2"
	expect("with one asleep", "upload", "b")
	asleep = ""
	expect("when it is awake, too late", "upload", "b")
	l.release(one)
	expect("after the end of a stream", "upload")
	expect("after the end of another stream", "rerun", "e")
}
