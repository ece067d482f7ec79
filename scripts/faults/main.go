//go:build unix

// Command faults runs a fleet of real processes, breaks what can break, and checks that nothing
// was lost.
//
// Workers and recorders run against the official Pub/Sub emulator and a Cloud Storage server,
// both behind fronts that fail as the services do, while the command kills, freezes and stops
// the processes. In the end the package check compares what was asked for with what came of it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"burnish/scripts/faults/check"
)

// options are the command line.
type options struct {
	seed     uint64
	photos   int
	kills    int
	workers  int
	life     time.Duration
	lease    time.Duration
	attempts int
	longest  time.Duration
	settle   time.Duration
	bin      string
	imager   string
	keep     string
}

func main() {
	var o options
	flag.Uint64Var(&o.seed, "seed", 0, "what is drawn from; 0 takes the time")
	flag.IntVar(&o.photos, "photos", 300, "keys of the catalogue; each is uploaded many times")
	flag.IntVar(&o.kills, "kills", 500, "go on until so many processes were killed while they worked")
	flag.IntVar(&o.workers, "workers", 6, "workers at once")
	flag.DurationVar(&o.life, "life", 1500*time.Millisecond, "mean time that a process works until it is killed, frozen or stopped")
	flag.DurationVar(&o.lease, "lease", 15*time.Second, "bound of the leases, so that a run does not wait a minute for each; 60s leaves them as they are in production")
	flag.IntVar(&o.attempts, "attempts", 100, "deliveries after which a job is a dead letter, 5 to 100")
	flag.DurationVar(&o.longest, "longest", 30*time.Minute, "end the faults after this time, with fewer kills")
	flag.DurationVar(&o.settle, "settle", 15*time.Second, "time in which what is left on a subscription must show in the end")
	flag.StringVar(&o.bin, "bin", "bin", "folder of burnish and the real imager")
	flag.StringVar(&o.imager, "imager", "bin/faults-imager", "the imager that dies on some photos")
	flag.StringVar(&o.keep, "keep", "", "folder that the evidence is kept in")
	judge := flag.String("check", "", "only judge the evidence in this file again")
	flag.Parse()
	if o.seed == 0 {
		o.seed = uint64(time.Now().UnixNano()) % 1e9
	}
	err := func() error {
		if *judge != "" {
			return judgeAgain(*judge)
		}
		return o.run()
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		if *judge == "" {
			fmt.Fprintln(os.Stderr, "faults: replay with:", o.replay())
		}
		os.Exit(1)
	}
}

// replay is the command that draws the same faults again.
func (o options) replay() string {
	return fmt.Sprintf("make faults ARGS='-seed %d -photos %d -kills %d -workers %d -life %v -lease %v -attempts %d'",
		o.seed, o.photos, o.kills, o.workers, o.life, o.lease, o.attempts)
}

// run is a whole run, judged.
func (o options) run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	say("seed %d: %s", o.seed, o.replay())
	began := time.Now()
	e, err := o.gather(ctx)
	if err != nil {
		return err
	}
	if o.keep != "" {
		if err := save(e, filepath.Join(o.keep, "evidence.json")); err != nil {
			return err
		}
	}
	say("took %v", time.Since(began).Round(time.Second))
	return verdict(e)
}

// verdict prints what was found, and is an error if anything was.
func verdict(e *check.Evidence) error {
	fmt.Print(report(e))
	found := check.Violations(e)
	for i, v := range found {
		if i == 100 {
			fmt.Printf("… and %d more\n", len(found)-i)
			break
		}
		fmt.Printf("VIOLATION %s: %s\n", v.Rule, v.What)
	}
	if len(found) > 0 {
		return fmt.Errorf("%d violations", len(found))
	}
	fmt.Println("nothing was lost")
	return nil
}

func judgeAgain(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var e check.Evidence
	if err := json.Unmarshal(data, &e); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return verdict(&e)
}

func save(e *check.Evidence, file string) error {
	data, err := json.MarshalIndent(e, "", " ")
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, data, 0o666))
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "faults: "+strings.TrimSpace(format)+"\n", args...)
}
