// Burnish improves the photos of a catalogue: one command for a folder, workers for a fleet.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"burnish/cmd/internal/setup"
	"burnish/imaging"
)

// version is set when linking.
var version = "dev"

// Exit statuses. Scripts and CronJobs rely on them.
const (
	exitFailures    = 1   // some photos failed
	exitUsage       = 2   // the command line or the recipe is wrong
	exitNotStarted  = 3   // a folder, the imager or another part could not be opened
	exitInterrupted = 130 // stopped by a signal; the same command goes on
)

// exit is an error with the status that the program ends with.
type exit struct {
	status int
	err    error // nil when everything has been said
}

func (e exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e exit) Unwrap() error { return e.err }

type cli struct {
	Debug bool `help:"Log every step to standard error."`

	Run      runCmd      `cmd:"" help:"Improve a folder or bucket of photos into another."`
	Backfill backfillCmd `cmd:"" help:"Do what is missing or stale, here or by a fleet."`
	Plan     planCmd     `cmd:"" help:"Say what a backfill would do and cost, from a sample that is really processed."`
	Preview  previewCmd  `cmd:"" help:"Try a recipe on some photos, and see them before and after."`
	Pause    pauseCmd    `cmd:"" help:"Let a batch publish nothing more until it is resumed."`
	Resume   resumeCmd   `cmd:"" help:"Let a paused batch go on."`
	Cancel   cancelCmd   `cmd:"" help:"End a batch; what is not begun is skipped."`
	Priority priorityCmd `cmd:"" help:"Move what is still to be published of a batch to another lane."`
	Rerun    rerunCmd    `cmd:"" help:"Ask again for the photos of a batch that failed."`
	Status   statusCmd   `cmd:"" help:"Show a batch: how far it is, what failed, what it costs."`
	Failures failuresCmd `cmd:"" help:"List the photos that failed, by reason."`
	Report   reportCmd   `cmd:"" help:"Write how each photo of a batch ended, as CSV and Parquet."`
	Inspect  inspectCmd  `cmd:"" help:"Explain what was done to one photo."`
	TryEdit  tryEditCmd  `cmd:"" help:"Edit one photo by Google's image model, to see what it makes of it."`
	Model    modelCmd    `cmd:"" help:"Print the image model that edits are made by, with its prices."`
	Compare  compareCmd  `cmd:"" help:"Tell whether an edited photo still shows the product of its original."`
	Prune    pruneCmd    `cmd:"" help:"Delete manifests and variants that no photo has any more."`
	Prices   pricesCmd   `cmd:"" help:"Print the prices that costs are reckoned with."`
	Recipe   recipeCmd   `cmd:"" help:"Check, show and describe recipes."`
	Setup    setupCmd    `cmd:"" help:"Make the topics and subscriptions that a fleet needs."`
	Worker   workerCmd   `cmd:"" help:"Improve the photos that Pub/Sub asks for."`
	Recorder recorderCmd `cmd:"" help:"Write what the workers of a fleet have done into the ledger."`
	Version  versionCmd  `cmd:"" help:"Print the versions of both programs, libvips and each encoder."`
}

// parser reads the command line into c.
func (c *cli) parser() *kong.Kong {
	return kong.Must(c,
		kong.Name("burnish"),
		kong.Description("Burnish improves the photos of a catalogue. `burnish VERB --help` explains each verb."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Vars{"builtin_recipes": strings.Join(imaging.BuiltinNames(), ", ")})
}

func main() {
	var c cli
	ctx, err := c.parser().Parse(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "burnish: %v\nSee burnish --help, or burnish VERB --help.\n", err)
		os.Exit(exitUsage)
	}
	os.Exit(status(ctx.Run(setup.Logger(c.Debug))))
}

// status says what went wrong, once, and returns the exit status.
func status(err error) int {
	if err == nil {
		return 0
	}
	if err.Error() != "" {
		fmt.Fprintln(os.Stderr, "burnish:", err)
	}
	return statusOf(err)
}

// statusOf returns the exit status of an error that is not nil.
func statusOf(err error) int {
	var e exit
	if errors.As(err, &e) {
		return e.status
	}
	return exitNotStarted
}
