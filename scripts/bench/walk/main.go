// Command walk measures the walk of a backfill over generated catalogues of any size.
//
//	walk -keys 200000000                 over listings in memory
//	walk -keys 1000000 -service ADDR     over the listings of a server, and listing them alone
//	walk -serve                          is that server, and prints its address
//
// It prints its figures as JSON. The benchmark calls it.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"syscall"
	"time"

	"burnish/worker/batch"
	"burnish/worker/store"
)

// figures is what one walk took.
type figures struct {
	Pairs   int     `json:"pairs"`   // keys decided about
	Seconds float64 `json:"seconds"` // of the clock
	CPU     float64 `json:"cpu"`     // seconds, of this process

	// The same objects listed by as many streams and not compared. 0 in memory.
	ListSeconds float64 `json:"listSeconds,omitempty"`
	ListCPU     float64 `json:"listCpu,omitempty"`
}

func main() {
	keys := flag.Int("keys", 1_000_000, "size of the catalogue")
	ranges := flag.Int("ranges", 8, "key ranges walked at once")
	service := flag.String("service", "", "address of a server of listings")
	serving := flag.Bool("serve", false, "serve listings until standard input ends")
	flag.Parse()
	err := func() error {
		switch {
		case *serving:
			return serve(*keys)
		case *service != "":
			return overService(*service, *keys, *ranges)
		}
		f, err := walk(catalogue{n: *keys}, catalogue{n: *keys, published: true}, *keys, *ranges)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(f)
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, "walk:", err)
		os.Exit(1)
	}
}

// walk reconciles a catalogue and makes sure that every key got what it should.
func walk(src, dst store.Store, keys, ranges int) (figures, error) {
	var states [3]int
	began, cpu := time.Now(), cpuSeconds()
	opts := batch.Options{Ranges: ranges}
	for d, err := range batch.Reconcile(context.Background(), src, dst, fingerprint, opts) {
		switch {
		case err != nil:
			return figures{}, err
		case d.State == batch.Missing:
			states[missing]++
		case d.State == batch.Stale:
			states[stale]++
		case d.State == batch.Fresh:
			states[fresh]++
		}
	}
	f := figures{Pairs: keys, Seconds: time.Since(began).Seconds(), CPU: cpuSeconds() - cpu}
	if want := expected(keys); states != want {
		return f, fmt.Errorf("decisions %v, want %v", states, want)
	}
	return f, nil
}

// cpuSeconds is the CPU time of this process so far.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}
