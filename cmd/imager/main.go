// Command imager turns photos into variants for burnish, which starts it and speaks with it
// over its standard input and output.
package main

import (
	"fmt"
	"os"

	"burnish/imaging/imager"
	"burnish/imaging/vips"
)

// version is set when linking.
var version = "dev"

func main() {
	if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, "imager is started by burnish and takes no arguments; run burnish instead")
		os.Exit(2)
	}
	frames, err := imager.Stdout() // before any library can print on it
	if err == nil {
		engine := vips.New(version)
		err = imager.Serve(os.Stdin, frames, engine)
		engine.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "imager:", err)
		os.Exit(1)
	}
}
