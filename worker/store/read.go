package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// chunk is how many bytes are read or written between two looks at the context.
const chunk = 1 << 20

// errChanged says that a file was written to while it was read.
var errChanged = errors.New("changed while it was read")

// Read returns a file's bytes, all of one generation. A file that is replaced or written to
// meanwhile is read again if any generation will do, and answers ErrUnavailable if that goes
// on; a generation that was asked for is gone then.
func (d *Directory) Read(ctx context.Context, name string, opts ReadOptions) ([]byte, Attrs, error) {
	for range 5 {
		data, a, err := d.readOnce(ctx, name, opts)
		switch {
		case !errors.Is(err, errChanged):
			return data, a, err
		case opts.Generation != 0:
			return nil, Attrs{}, fmt.Errorf("%s: %w at generation %d: it %w", d.show(name), ErrNotExist, opts.Generation, errChanged)
		}
	}
	return nil, Attrs{}, fmt.Errorf("%s: %w: it %w, again and again", d.show(name), ErrUnavailable, errChanged)
}

func (d *Directory) readOnce(ctx context.Context, name string, opts ReadOptions) ([]byte, Attrs, error) {
	if err := ctx.Err(); err != nil {
		return nil, Attrs{}, err
	}
	at, _, err := d.find(name) // first, so that no pipe or device is ever opened
	if err != nil {
		return nil, Attrs{}, err
	}
	f, err := d.root.OpenFile(at, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, Attrs{}, d.fault(name, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, Attrs{}, d.fault(name, err)
	}
	a := attrs(name, info)
	switch {
	case !info.Mode().IsRegular():
		return nil, Attrs{}, fmt.Errorf("%s: %w (it is a %s)", d.show(name), ErrNotExist, kind(info.Mode()))
	case opts.Generation != 0 && a.Generation != opts.Generation:
		return nil, Attrs{}, fmt.Errorf("%s: %w at generation %d", d.show(name), ErrNotExist, opts.Generation)
	}
	if err := opts.Allow(ctx, a); err != nil {
		return nil, a, fmt.Errorf("%s: %w", d.show(name), err)
	}
	data, err := d.readAll(ctx, f, a)
	if err != nil {
		return nil, Attrs{}, err
	}
	if !d.foreign {
		a.Metadata = metadata(f, info)
	}
	return data, a, nil
}

// readAll reads the file that a describes, or returns errChanged.
func (d *Directory) readAll(ctx context.Context, f *os.File, a Attrs) ([]byte, error) {
	data := make([]byte, a.Size)
	for rest := data; len(rest) > 0; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n, err := io.ReadFull(f, rest[:min(len(rest), chunk)])
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil, fmt.Errorf("%s: %w", d.show(a.Name), errChanged)
		}
		if err != nil {
			return nil, d.fault(a.Name, err)
		}
		rest = rest[n:]
	}
	info, err := f.Stat()
	if err != nil {
		return nil, d.fault(a.Name, err)
	}
	if generation(info) != a.Generation {
		return nil, fmt.Errorf("%s: %w", d.show(a.Name), errChanged)
	}
	return data, nil
}
