package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"burnish/worker/ledger"
)

type reportCmd struct {
	destination `embed:""`
	Batch       string `arg:"" optional:"" help:"A batch: its id, the beginning or end of one, or latest, which is the default."`
	selection   `embed:""`
	Failed      bool   `help:"Only failures, as they were recorded."`
	CSV         string `placeholder:"FILE" type:"path" help:"Write it as CSV into this file."`
	Parquet     string `placeholder:"FILE" type:"path" help:"Write it as Parquet into this file."`
}

// Help tells what a report has.
func (*reportCmd) Help() string {
	return `Writes how every photo of a batch ended, a row each, as CSV and as Parquet: into BATCH.csv and
BATCH.parquet here unless files are named. A photo that was delivered twice has one row, its last
outcome: the counts that are printed at the end are exact, and those of burnish status may be
higher. All rows are read twice; from 2 million on, 32 bytes of each are laid aside in temporary
files meanwhile.

The columns are those of the ledger. CSV is harmless for spreadsheets, see burnish failures --help.`
}

func (c *reportCmd) Run() error {
	filter, err := c.filter()
	if err != nil {
		return err
	}
	if filter.Status = ""; c.Failed || c.Reason != "" {
		filter.Status = ledger.Failed
	}
	ctx := context.Background()
	st, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	id, err := findBatch(ctx, st, c.Batch)
	if err != nil {
		return err
	}
	if c.CSV == "" && c.Parquet == "" {
		c.CSV, c.Parquet = id+".csv", id+".parquet"
	}
	w, err := c.create()
	if err != nil {
		return err
	}
	defer w.discard()
	var counted ledger.Summary
	damage := new(damage)
	for o, err := range ledger.Outcomes(ctx, st, id, filter) {
		if err != nil {
			damage.add(err)
			continue
		}
		if err := w.add(o); err != nil {
			return err
		}
		counted.Count(o)
	}
	// A report with a part of the rows would be taken for the whole.
	if !damage.none() {
		return errors.Join(damage.err(), errors.New("no report is written: its rows would not be all"))
	}
	if err := w.keep(); err != nil {
		return err
	}
	s := summarize(counted)
	s.Batch = id
	return s.print(os.Stdout)
}

// reports are the files that are written at once.
type reports []*reportFile

// create opens what is asked for.
func (c *reportCmd) create() (all reports, err error) {
	for _, f := range []struct {
		path string
		form func(io.Writer) form
	}{{c.CSV, csvForm}, {c.Parquet, parquetForm}} {
		if f.path == "" {
			continue
		}
		one, err := createReport(f.path, f.form)
		if err != nil {
			all.discard()
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

func (all reports) add(o ledger.Outcome) error {
	for _, f := range all {
		if err := f.add(o); err != nil {
			return fmt.Errorf("write %s: %w", f.path, err)
		}
	}
	return nil
}

// keep completes the files and gives them their names.
func (all reports) keep() error {
	for _, f := range all {
		if err := f.keep(); err != nil {
			return fmt.Errorf("write %s: %w", f.path, err)
		}
		fmt.Fprintf(os.Stderr, "burnish: wrote %s\n", f.path)
	}
	return nil
}

// discard removes what has not been kept.
func (all reports) discard() {
	for _, f := range all {
		_ = f.file.Close()
		_ = os.Remove(f.file.Name()) // after keep, there is nothing of that name
	}
}

// reportFile is written aside and then renamed, so that nobody takes half a report for one.
type reportFile struct {
	path string
	file *os.File
	out  *bufio.Writer
	form
}

func createReport(path string, form func(io.Writer) form) (*reportFile, error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".burnish-report-*")
	if err != nil {
		return nil, err
	}
	out := bufio.NewWriterSize(f, 1<<20)
	return &reportFile{path: path, file: f, out: out, form: form(out)}, nil
}

func (f *reportFile) keep() error {
	err := errors.Join(f.end(), f.out.Flush(), f.file.Chmod(0o644), f.file.Sync(), f.file.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.file.Name(), f.path)
}
