// Package imager runs engines in child processes, one photo at a time each.
//
// The parent's side is Pool; the child's side is Serve. Between them go length-prefixed
// frames over the child's stdin and stdout.
package imager

import "burnish/imaging"

// Engine turns one request into one result. Its errors wrap the facts of package imaging.
type Engine interface {
	Build() imaging.Build
	Process(imaging.Request) (imaging.Result, error)
}
