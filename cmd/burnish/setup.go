package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"

	"burnish/cmd/internal/provision"
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
	fleetFlags      `embed:""`
	Source          string `required:"" placeholder:"URL" help:"Where photos come from: gs://bucket, gs://bucket/prefix or a folder."`
	Attempts        int    `default:"10" placeholder:"N" help:"Deliveries after which a job is a dead letter, 5 to 100. Default: ${default}."`
	WorkerAccount   string `placeholder:"WHO" help:"The service account of the workers, which gets the roles that it needs: an email or principal://..."`
	RecorderAccount string `placeholder:"WHO" help:"The same for the recorder."`
	ProjectNumber   string `placeholder:"N" help:"The number of the project. Default: looked up."`
	NoGrant         bool   `help:"Grant no roles, also not to Google's own accounts."`
	NoNotify        bool   `help:"Leave the source's notifications alone: no upload arrives as a job."`
	DryRun          bool   `help:"Only say what would be changed."`
}

// Help tells what is made.
func (*setupCmd) Help() string {
	return `Brings what a fleet needs up to date: the topics and subscriptions of the lanes, of their dead
letters and of the outcomes, the roles by which Google's own accounts publish dead letters and
uploads, and the notification by which uploads arrive as jobs. Run it again whenever you like: it
says each thing that it changes, as old → new, and never deletes any.

What only a person can decide is listed as "by hand", and ends it with exit status 1. It makes no
bucket.`
}

func (c *setupCmd) Run(*slog.Logger) error {
	f, err := c.fleet()
	if err != nil {
		return exit{exitUsage, err}
	}
	ctx, _ := setup.Signals()
	cloud, err := setup.OpenCloud(ctx, c.Project)
	if err != nil {
		return err
	}
	defer cloud.Close()
	steps, err := provision.Look(ctx, cloud, f)
	if err != nil {
		return err
	}
	return c.makeAll(ctx, steps)
}

// fleet reads the flags.
func (c *setupCmd) fleet() (provision.Fleet, error) {
	f := provision.Fleet{Name: c.Name, Attempts: c.Attempts, Number: c.ProjectNumber, Notify: !c.NoNotify, Grant: !c.NoGrant}
	if err := c.check(); err != nil {
		return f, err
	}
	if c.Attempts < 5 || c.Attempts > 100 {
		return f, fmt.Errorf("--attempts %d: Pub/Sub takes 5 to 100", c.Attempts)
	}
	if !provision.IsNumber(c.ProjectNumber) && c.ProjectNumber != "" {
		return f, fmt.Errorf("--project-number %q: expected digits; --project takes the id", c.ProjectNumber)
	}
	var err error
	if f.Worker, err = member(c.WorkerAccount); err != nil {
		return f, fmt.Errorf("--worker-account %w", err)
	}
	if f.Recorder, err = member(c.RecorderAccount); err != nil {
		return f, fmt.Errorf("--recorder-account %w", err)
	}
	f.Ends, err = setup.ParseEnds(c.Source, c.Dest)
	return f, err
}

// member writes an account as IAM does. Empty stays empty.
func member(account string) (string, error) {
	email := strings.TrimPrefix(account, "serviceAccount:")
	switch {
	case account == "", strings.HasPrefix(account, "principal://"):
		return account, nil
	case strings.Contains(email, "@") && !strings.ContainsAny(email, ": "):
		return "serviceAccount:" + email, nil
	}
	return "", fmt.Errorf("%q: expected the email of a service account, or principal://… as IAM has it", account)
}

// makeAll makes the steps one after the other, and says each. A role that may not be granted
// does not keep the rest from being made.
func (c *setupCmd) makeAll(ctx context.Context, steps []provision.Step) error {
	said := made
	if c.DryRun {
		said = would
	}
	byHand := 0
	for _, s := range steps {
		if !c.DryRun {
			err := s.Make(ctx)
			if err != nil && s.Verb != provision.Grant {
				return err
			}
			if err != nil {
				s.Verb, s.Notes = provision.ByHand, strings.Split(err.Error(), "\n")
			}
		}
		fmt.Printf("%-12s %s\n", said[s.Verb], s.What)
		for _, note := range s.Notes {
			fmt.Printf("%-12s   %s\n", "", note)
		}
		if s.Verb == provision.ByHand {
			byHand++
		}
	}
	if byHand > 0 {
		return exit{exitFailures, fmt.Errorf("the fleet is not complete: do what stands under \"by hand\" above (%d), and run this again", byHand)}
	}
	return nil
}

// What is said of each step, before and after.
var (
	would = map[provision.Verb]string{
		provision.Keep: "there is", provision.Create: "would make", provision.Change: "would change",
		provision.Grant: "would grant", provision.ByHand: "by hand", provision.LeaveOut: "left out",
	}
	made = map[provision.Verb]string{
		provision.Keep: "there is", provision.Create: "made", provision.Change: "changed",
		provision.Grant: "granted", provision.ByHand: "by hand", provision.LeaveOut: "left out",
	}
)
