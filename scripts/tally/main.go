// Tally reads what `go test -json` writes and tells people what came of it.
//
// It prints the output of what failed, one line for each package, and a closing line
// "N passed, N failed, N skipped". With -strict a skipped test is a failure: what did not run
// has not passed.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	strict := flag.Bool("strict", false, "fail when a test is skipped")
	flag.Parse()
	var t tally
	if err := t.read(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
		os.Exit(1)
	}
	if !t.close(os.Stdout, *strict) {
		os.Exit(1)
	}
}
