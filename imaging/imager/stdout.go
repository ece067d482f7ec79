package imager

import "os"

// Stdout takes the standard output of a child for its frames alone: the file returned stands
// for it from then on, and what libraries print goes to standard error instead of into the
// frames. Call it before any library starts.
func Stdout() (*os.File, error) { return stdout() }
