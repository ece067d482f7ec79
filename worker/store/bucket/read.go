package bucket

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"cloud.google.com/go/storage"

	"burnish/worker/store"
)

// Read returns an object as it is stored, compressed or not, after comparing its CRC32C. The
// size is known before the body is read.
func (b *Bucket) Read(ctx context.Context, name string, generation, limit int64) ([]byte, store.Attrs, error) {
	if err := b.valid(name); err != nil {
		return nil, store.Attrs{}, err
	}
	// Without it the service would unpack what it was told is compressed, and there would be
	// no checksum to compare.
	o := b.object(name).ReadCompressed(true)
	if generation != 0 {
		o = o.Generation(generation)
	}
	var data []byte
	var a store.Attrs
	err := b.retry(ctx, name, func(ctx context.Context, _ bool) error {
		r, err := o.NewReader(ctx)
		if err != nil {
			return err
		}
		defer r.Close()
		a = readerAttrs(name, r)
		if a.Size > limit {
			return stated{fmt.Errorf("%w: %d bytes, at most %d", store.ErrTooLarge, a.Size, limit)}
		}
		data, err = readAll(r, a.Size)
		return err
	})
	if err != nil {
		return nil, store.Attrs{}, err
	}
	return data, a, nil
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
