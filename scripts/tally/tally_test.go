package main

import (
	"strings"
	"testing"
)

func TestTally(t *testing.T) {
	const (
		passes  = `{"Action":"pass","Package":"a","Test":"TestOne"}` + "\n"
		noise   = `{"Action":"output","Package":"a","Test":"TestOne","Output":"noise\n"}` + "\n"
		skips   = `{"Action":"skip","Package":"a","Test":"TestTwo"}` + "\n"
		tells   = `{"Action":"output","Package":"a","Test":"TestSix","Output":"six is not 6\n"}` + "\n"
		fails   = `{"Action":"fail","Package":"a","Test":"TestSix"}` + "\n"
		good    = `{"Action":"pass","Package":"a","Elapsed":0.5}` + "\n"
		bad     = `{"Action":"fail","Package":"a","Elapsed":0.5}` + "\n"
		compile = `{"ImportPath":"a","Action":"build-output","Output":"a.go:1: undefined: x\n"}` + "\n"
	)
	tests := []struct {
		name   string
		in     string
		strict bool
		well   bool
		out    string
	}{
		{"passed", noise + passes + good, true, true, "ok       a  0.5s\n1 passed, 0 failed, 0 skipped\n"},
		{"skipped", passes + skips + good, false, true, "ok       a  0.5s\nskipped: a TestTwo\n1 passed, 0 failed, 1 skipped\n"},
		{"skipped and strict", passes + skips + good, true, false, "ok       a  0.5s\nskipped: a TestTwo\na skipped test counts as a failure here\n1 passed, 0 failed, 1 skipped\n"},
		{"failed", passes + tells + fails + bad, false, false, "six is not 6\nFAIL     a  0.5s\nfailed:  a TestSix\n1 passed, 1 failed, 0 skipped\n"},
		{"crashed in a test", passes + tells + bad, false, false, "six is not 6\nFAIL     a  0.5s\nfailed:  a\n1 passed, 1 failed, 0 skipped\n"},
		{"not built", compile + bad + strings.ReplaceAll(passes+good, `"a"`, `"b"`), false, false, "a.go:1: undefined: x\nFAIL     a  0.5s\nok       b  0.5s\nfailed:  a\n1 passed, 1 failed, 0 skipped\n"},
		{"cut off in a line", passes + good + `{"Action":"pa`, false, true, "ok       a  0.5s\n{\"Action\":\"pa1 passed, 0 failed, 0 skipped\n"},
		{"nothing ran", "go: no such tool\n", false, false, "go: no such tool\nno test passed\n0 passed, 0 failed, 0 skipped\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var count tally
			var out strings.Builder
			if err := count.read(strings.NewReader(test.in), &out); err != nil {
				t.Fatal(err)
			}
			well := count.close(&out, test.strict)
			if well != test.well || out.String() != test.out {
				t.Errorf("well = %v, want %v; wrote\n%swant\n%s", well, test.well, out.String(), test.out)
			}
		})
	}
}
