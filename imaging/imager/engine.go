// Package imager runs engines in child processes, one photo at a time each.
//
// The parent's side is Pool; the child's side is Serve. Between them go length-prefixed
// frames over the child's stdin and stdout.
package imager

import "burnish/imaging"

// Engine turns one request into one result. Its errors wrap the facts of package imaging.
type Engine interface {
	Build() imaging.Build

	// Process calls admit when it has read the photo's header and held it against the limits,
	// with the memory in bytes that the process will take at its peak, and decodes no pixel
	// before that returns. Where more turns out to be needed, it calls it again, with the new
	// sum. An error of admit is the end of the photo, and is to be wrapped.
	Process(req imaging.Request, admit func(need int64) error) (imaging.Result, error)
}
