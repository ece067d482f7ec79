package main

import (
	"fmt"

	"burnish/imaging"
)

// storageFlags say how a program uses the places that it reads from and writes to.
type storageFlags struct {
	PrefetchBytes imaging.ByteSize `default:"256 MiB" placeholder:"SIZE" help:"Bytes of photos that may be fetched and wait for an imager, a third for each lane. A larger photo gets in alone. Default: ${default}."`
}

func (f storageFlags) checkStorage() error {
	if f.PrefetchBytes < 1 {
		return exit{exitUsage, fmt.Errorf("--prefetch-bytes %v: expected a size such as 256 MiB", f.PrefetchBytes)}
	}
	return nil
}
