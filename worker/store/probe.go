package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// Probe reports why the folder cannot be used as it was opened: it is gone, something else
// stands in its place, it cannot be listed, or a small file cannot be written and synced.
func (d *Directory) Probe(ctx context.Context) error {
	if err := d.standing(); err != nil {
		return err
	}
	if d.temp == nil {
		return d.listable()
	}
	f, temp, err := d.stage(ctx, tempDir, []byte("probe"), nil)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), d.temp.Remove(temp))
}

// standing reports whether the path still leads to the folder that was opened.
func (d *Directory) standing() error {
	opened, err := d.root.Stat(".")
	if err != nil {
		return fault(d.path, err)
	}
	there, err := os.Stat(d.real)
	if err != nil {
		return fault(d.path, err)
	}
	if !os.SameFile(opened, there) {
		return fmt.Errorf("%s: %w: another folder stands there now", show(d.path), ErrUnavailable)
	}
	return nil
}

// listable reports why the folder cannot be read.
func (d *Directory) listable() error {
	f, err := d.root.Open(".")
	if err != nil {
		return fault(d.path, err)
	}
	defer f.Close()
	if _, err := f.Readdirnames(1); err != nil && !errors.Is(err, io.EOF) {
		return fault(d.path, err)
	}
	return nil
}
