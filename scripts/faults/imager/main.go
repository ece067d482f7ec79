// Command imager is Burnish's imager, but for photos that carry a marker: on these it dies, or
// hangs, as the real one does on a hostile photo that nobody has yet.
package main

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
	"time"

	"burnish/imaging"
	"burnish/imaging/imager"
	"burnish/imaging/vips"
	"burnish/scripts/faults/catalogue"
)

// version is set when linking, to that of Burnish.
var version = "dev"

func main() {
	frames, err := imager.Stdout()
	if err == nil {
		engine := vips.New(version)
		err = imager.Serve(os.Stdin, frames, fragile{engine})
		engine.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "imager:", err)
		os.Exit(1)
	}
}

// fragile is an engine that does not survive every photo.
type fragile struct{ imager.Engine }

// Process implements imager.Engine.
func (f fragile) Process(r imaging.Request, admit func(need int64) error) (imaging.Result, error) {
	switch {
	case bytes.HasSuffix(r.Source, []byte(catalogue.CrashMarker)):
		_ = syscall.Kill(os.Getpid(), syscall.SIGSEGV)
		time.Sleep(time.Hour) // until it arrives
	case bytes.HasSuffix(r.Source, []byte(catalogue.HangMarker)):
		time.Sleep(time.Hour) // until the deadline
	}
	return f.Engine.Process(r, admit)
}
