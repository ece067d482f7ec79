//go:build unix

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"burnish/scripts/faults/check"
)

// report sums a run up for people.
func report(e *check.Evidence) string {
	var b strings.Builder
	f := e.Faults
	fmt.Fprintf(&b, "killed       %d: %d workers and %d recorders at work, %d imagers\n", f.Workers+f.Recorders+f.Imagers, f.Workers, f.Recorders, f.Imagers)
	fmt.Fprintf(&b, "frozen       %d, stopped %d\n", f.Frozen, f.Stopped)
	for _, name := range slices.Sorted(maps.Keys(f.Services)) {
		fmt.Fprintf(&b, "  %-26s %d\n", name, f.Services[name])
	}
	generations := 0
	for _, contents := range e.Photos {
		generations += len(contents)
	}
	fmt.Fprintf(&b, "photos       %d, in %d generations; %d to be published\n", len(e.Photos), generations, e.Good())
	fmt.Fprintf(&b, "jobs         %d accepted, %d malformed messages\n", len(e.Jobs), len(e.Malformed))
	fmt.Fprintf(&b, "outcomes     %d published, %d in the ledger\n", len(e.Published), len(e.Ledger))
	fmt.Fprintf(&b, "writes       %d\n", len(e.Writes))
	fmt.Fprintf(&b, "good photos that failed for a while: %v\n", e.Excused())
	return b.String()
}
