package main

import (
	"fmt"

	"burnish/imaging"
)

// storageFlags say how a program uses the places that it reads from and writes to.
type storageFlags struct {
	WriteRate     float64          `default:"${write_rate}" placeholder:"N" help:"Objects written a second at first, into a bucket; doubles in 20 minutes of need. A bucket takes 1,000 at first from all its writers together. Default: ${default}."`
	PrefetchBytes imaging.ByteSize `default:"256 MiB" placeholder:"SIZE" help:"Bytes of photos that may be fetched and wait for an imager, a third for each lane. A larger photo gets in alone. Default: ${default}."`
}

func (f storageFlags) checkStorage() error {
	if f.PrefetchBytes < 1 {
		return exit{exitUsage, fmt.Errorf("--prefetch-bytes %v: expected a size such as 256 MiB", f.PrefetchBytes)}
	}
	if f.WriteRate < 1 || f.WriteRate > 1e5 {
		return exit{exitUsage, fmt.Errorf("--write-rate %v: expected 1 to 100000", f.WriteRate)}
	}
	return nil
}
