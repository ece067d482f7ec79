package bucket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"cloud.google.com/go/storage"

	"burnish/worker/store"
)

// Read returns an object as it is stored, compressed or not, after comparing its CRC32C, by one
// request. The body waits while opts.Admit does, which counts towards no bound.
//
// A body that breaks off or does not have its checksum is asked for again, whole and at the
// generation that was admitted: two generations never mix. If that one has been replaced by
// then, Read answers ErrUnavailable, or ErrNotExist if it is the one that was asked for.
func (b *Bucket) Read(ctx context.Context, name string, opts store.ReadOptions) ([]byte, store.Attrs, error) {
	if err := b.valid(name); err != nil {
		return nil, store.Attrs{}, err
	}
	r, err := b.begin(ctx, name, opts.Generation)
	if err != nil {
		return nil, store.Attrs{}, err
	}
	a := readerAttrs(name, r.Reader)
	if err := opts.Allow(ctx, a); err != nil {
		r.end()
		return nil, a, fmt.Errorf("%s: %w", b.show(name), err)
	}
	data, err := r.body(b.opts.Attempt)
	if err != nil {
		data, err = b.again(ctx, name, a.Generation)
	}
	if errors.Is(err, store.ErrNotExist) && opts.Generation == 0 {
		err = fmt.Errorf("%s: %w: it was replaced while it was read", b.show(name), store.ErrUnavailable)
	}
	if err != nil {
		return nil, store.Attrs{}, err
	}
	return data, a, nil
}

// response is an object whose attributes have come and whose body is still to come.
type response struct {
	*storage.Reader
	cancel context.CancelFunc
}

// begin asks for an object and returns when its attributes are there. The caller ends the
// response, whose body is not bound to the time that one attempt may take.
func (b *Bucket) begin(ctx context.Context, name string, generation int64) (*response, error) {
	var r *response
	err := b.retry(ctx, name, func(attempt context.Context, _ bool) error {
		life, cancel := context.WithCancel(ctx)
		detach := context.AfterFunc(attempt, cancel)
		reader, err := b.at(name, generation).NewReader(life)
		if err == nil && !detach() { // it came in the same moment as the attempt's end
			reader.Close()
			err = attempt.Err()
		}
		if err != nil {
			cancel()
			return err
		}
		r = &response{reader, cancel}
		return nil
	})
	return r, err
}

// body reads the body within the given time, and ends the response.
func (r *response) body(within time.Duration) ([]byte, error) {
	defer r.end()
	defer time.AfterFunc(within, r.cancel).Stop()
	return readAll(r, r.Attrs.Size)
}

func (r *response) end() {
	r.cancel()
	r.Close()
}

// again reads a generation of which one body was lost.
func (b *Bucket) again(ctx context.Context, name string, generation int64) (data []byte, err error) {
	err = b.retry(ctx, name, func(ctx context.Context, _ bool) error {
		r, err := b.at(name, generation).NewReader(ctx)
		if err != nil {
			return err
		}
		defer r.Close()
		data, err = readAll(r, r.Attrs.Size)
		return err
	})
	return data, err
}

// at is an object at a generation, 0 meaning the newest. It is read as it is stored: otherwise
// the service would unpack what it was told is compressed, and there would be no checksum to
// compare.
func (b *Bucket) at(name string, generation int64) *storage.ObjectHandle {
	o := b.object(name).ReadCompressed(true)
	if generation != 0 {
		o = o.Generation(generation)
	}
	return o
}

// readAll reads to the end, where the client compares the checksum.
func readAll(r io.Reader, size int64) ([]byte, error) {
	buf := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead))
	n, err := buf.ReadFrom(io.LimitReader(r, size+1))
	if err == nil && n != size {
		err = fmt.Errorf("%d bytes instead of %d: %w", n, size, io.ErrUnexpectedEOF)
	}
	return buf.Bytes(), err
}

func readerAttrs(name string, r *storage.Reader) store.Attrs {
	a := store.Attrs{
		Name:       name,
		Size:       r.Attrs.Size,
		Generation: r.Attrs.Generation,
		Updated:    r.Attrs.LastModified,
	}
	for k, v := range r.Metadata() { // from headers, whose names have lost their case
		if a.Metadata == nil {
			a.Metadata = make(map[string]string)
		}
		a.Metadata[strings.ToLower(k)] = v
	}
	return a
}
