package main

import (
	"fmt"

	"burnish/cmd/internal/setup"
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

// inHand is how many photos are in hand at once: those that the imagers work on, and those that
// are read before or written after, so that imagers wait for no disk and no network. A photo in
// a bucket waits for some seven answers, one after the other: with one every 50 ms, of a recipe
// that takes 80 ms of CPU, two imagers do 90 photos in 7.5 s with one photo in hand beyond each,
// in 4.6 s with three, in 3.8 s with five and in 3.7 s with eight; from folders in 3.6 s.
func inHand(jobs int, e setup.Ends) int {
	if e.Source.Bucket == "" && e.Dest.Bucket == "" {
		return jobs + 2
	}
	return jobs + 5*jobs
}
