package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"

	"burnish/cmd/internal/setup"
)

// fleetFlags are what every verb of a fleet is told.
type fleetFlags struct {
	Project string `required:"" placeholder:"P" help:"The Google Cloud project of the topics."`
	Name    string `default:"burnish" placeholder:"NAME" help:"What the names of the topics and subscriptions begin with. Default: ${default}."`
	Dest    string `required:"" placeholder:"URL" help:"Where variants, manifests and the ledger go: gs://bucket, gs://bucket/prefix or a folder."`
}

// names is what Pub/Sub takes as the beginning of a name, with room for what is added to it.
var names = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_.~+%-]{2,199}$`)

func (f fleetFlags) check() error {
	if f.Project == "" {
		return exit{exitUsage, errors.New("--project: expected the id of a Google Cloud project")}
	}
	if !names.MatchString(f.Name) {
		return exit{exitUsage, fmt.Errorf("--name %q: expected 3 to 200 letters, digits and hyphens, a letter first", f.Name)}
	}
	return nil
}

type setupCmd struct {
	fleetFlags `embed:""`
	Source     string `required:"" placeholder:"URL" help:"Where photos come from: gs://bucket, gs://bucket/prefix or a folder."`
	Attempts   int    `default:"10" placeholder:"N" help:"Deliveries after which a job is a dead letter, 5 to 100. Default: ${default}."`
	NoNotify   bool   `help:"Leave the bucket's notifications alone: no upload arrives as a job."`
	DryRun     bool   `help:"Only say what would be made."`
}

// Help tells what is made.
func (*setupCmd) Help() string {
	return `Makes what a fleet needs and is not there yet: the topics and subscriptions of the lanes, of
their dead letters and of the outcomes, and the notification by which uploads arrive as jobs.
What exists is left as it is, and said where it differs. It makes no bucket and grants no role:
docs/deployment.md lists the commands for both.`
}

func (c *setupCmd) Run(*slog.Logger) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.Attempts < 5 || c.Attempts > 100 {
		return exit{exitUsage, fmt.Errorf("--attempts %d: Pub/Sub takes 5 to 100", c.Attempts)}
	}
	ends, err := setup.ParseEnds(c.Source, c.Dest)
	if err != nil {
		return exit{exitUsage, err}
	}
	ctx, _ := setup.Signals()
	cloud, err := setup.OpenCloud(ctx, c.Project)
	if err != nil {
		return err
	}
	defer cloud.Close()
	return c.make(ctx, cloud, setup.Fleet{Name: c.Name, Attempts: c.Attempts, Ends: ends, Notify: !c.NoNotify})
}

func (c *setupCmd) make(ctx context.Context, cloud *setup.Cloud, f setup.Fleet) error {
	parts, err := cloud.Plan(ctx, f)
	if err != nil {
		return err
	}
	if !c.DryRun {
		if err := cloud.Make(ctx, f, parts); err != nil {
			return err
		}
	}
	done := "made      "
	if c.DryRun {
		done = "would make"
	}
	for _, p := range parts {
		verb := done
		if p.Exists {
			verb = "there is  "
		}
		fmt.Printf("%s %s\n", verb, p.What)
		if p.Note != "" {
			fmt.Printf("           but %s\n", p.Note)
		}
	}
	return nil
}
