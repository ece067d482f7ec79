package main

import (
	"strings"
	"testing"
)

func TestScreen(t *testing.T) {
	long := strings.Repeat("ß", 100)
	cases := []struct {
		name          string
		text          string
		columns, rows int
		want          string
	}{
		{"fits", "a\nb\n", 80, 24, home + "a" + eraseLine + "\r\nb" + eraseLine + eraseBelow},
		{"too wide", long, 11, 24, home + strings.Repeat("ß", 10) + eraseLine + eraseBelow},
		{"too high", "a\nb\nc\n", 80, 2, home + "a" + eraseLine + "\r\nb" + eraseLine + eraseBelow},
		{"no room", "a\nb", 0, 0, home + eraseLine + eraseBelow},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := screen(c.text, c.columns, c.rows); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
