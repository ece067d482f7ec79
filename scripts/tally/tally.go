package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
)

// event is one line of `go test -json`, as `go doc test2json` describes it.
type event struct {
	Action  string
	Package string
	Test    string // empty for the package as a whole
	Output  string
	Elapsed float64 // seconds
}

// tally counts tests, subtests included, and remembers what did not pass. Its zero value is ready.
type tally struct {
	passed          int
	failed, skipped []string // package, or package and test

	written map[string]map[string]string // by package and test, of those that have not ended
	failing map[string]bool              // packages with a failed test
}

// read takes events until r ends and prints, to w, a line for each package and everything that
// a failing test or package wrote. Lines that are no events are printed as they are.
func (t *tally) read(r io.Reader, w io.Writer) error {
	t.written, t.failing = map[string]map[string]string{}, map[string]bool{}
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		var e event
		if json.Unmarshal(line, &e) == nil && e.Action != "" {
			t.take(e, w)
		} else {
			w.Write(line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (t *tally) take(e event, w io.Writer) {
	switch e.Action {
	case "output":
		if t.written[e.Package] == nil {
			t.written[e.Package] = map[string]string{}
		}
		t.written[e.Package][e.Test] += e.Output
	case "build-output":
		io.WriteString(w, e.Output)
	case "pass", "skip", "fail":
		if e.Test == "" {
			t.endPackage(e, w)
		} else {
			t.endTest(e, w)
		}
	}
}

func (t *tally) endTest(e event, w io.Writer) {
	name := e.Package + " " + e.Test
	switch e.Action {
	case "pass":
		t.passed++
	case "skip":
		t.skipped = append(t.skipped, name)
	case "fail":
		t.failed = append(t.failed, name)
		t.failing[e.Package] = true
		io.WriteString(w, t.written[e.Package][e.Test])
	}
	delete(t.written[e.Package], e.Test)
}

// endPackage also counts a package that failed without a failing test of its own: it did not
// build, crashed or ran out of time. What its open tests wrote tells where.
func (t *tally) endPackage(e event, w io.Writer) {
	if e.Action == "fail" {
		open := t.written[e.Package]
		for _, test := range slices.Sorted(maps.Keys(open)) {
			io.WriteString(w, open[test])
		}
		if !t.failing[e.Package] {
			t.failed = append(t.failed, e.Package)
		}
	}
	delete(t.written, e.Package)
	word := map[string]string{"pass": "ok", "skip": "no tests", "fail": "FAIL"}[e.Action]
	fmt.Fprintf(w, "%-8s %s  %.1fs\n", word, e.Package, e.Elapsed)
}

// close prints what did not pass and the closing line, and reports whether all is well.
func (t *tally) close(w io.Writer, strict bool) bool {
	for _, name := range t.failed {
		fmt.Fprintln(w, "failed: ", name)
	}
	for _, name := range t.skipped {
		fmt.Fprintln(w, "skipped:", name)
	}
	well := len(t.failed) == 0
	if strict && len(t.skipped) > 0 {
		fmt.Fprintln(w, "a skipped test counts as a failure here")
		well = false
	}
	if t.passed == 0 {
		fmt.Fprintln(w, "no test passed")
		well = false
	}
	fmt.Fprintf(w, "%d passed, %d failed, %d skipped\n", t.passed, len(t.failed), len(t.skipped))
	return well
}
