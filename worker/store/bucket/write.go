package bucket

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"

	"cloud.google.com/go/storage"

	"burnish/worker/store"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Write stores an object in one request, which the service takes whole, at the condition and
// with the checksum, or not at all; it is durable when Write returns.
//
// An answer may get lost after the object was stored. The request is then repeated, and if
// it had a condition, that fails now: what stands there is compared with what was to be
// written, and counts as written if it is the same.
func (b *Bucket) Write(ctx context.Context, name string, data []byte, opts store.WriteOptions) (store.Attrs, error) {
	if err := b.valid(name); err != nil {
		return store.Attrs{}, err
	}
	sum := crc32.Checksum(data, castagnoli)
	var a store.Attrs
	err := b.change(ctx, name, func(ctx context.Context, again bool) error {
		o, err := b.upload(ctx, name, data, sum, opts)
		if fact, _ := meaning(err); again && err != nil && fact == store.ErrCondition {
			o, err = b.readBack(ctx, name, data, sum, opts, err)
		}
		if err == nil {
			a = b.attrs(o)
		}
		return err
	})
	if errors.Is(err, store.ErrNotExist) {
		err = fmt.Errorf("%s: %w", b.show(name), errNoBucket) // there is nothing else to be missing
	}
	return a, err
}

func (b *Bucket) upload(ctx context.Context, name string, data []byte, sum uint32, opts store.WriteOptions) (*storage.ObjectAttrs, error) {
	w := on(b.object(name), opts.If).NewWriter(ctx)
	w.ChunkSize = 0 // one request, and no buffer of 16 MiB for it
	w.SendCRC32C, w.CRC32C = true, sum
	w.ContentType = opts.ContentType
	w.CacheControl = opts.CacheControl
	w.Metadata = opts.Metadata
	if _, err := w.Write(data); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return w.Attrs(), nil
}

// on sets the condition of a request.
func on(o *storage.ObjectHandle, cond store.Condition) *storage.ObjectHandle {
	switch cond {
	case store.Any:
		return o
	case store.Absent:
		return o.If(storage.Conditions{DoesNotExist: true})
	default:
		return o.If(storage.Conditions{GenerationMatch: int64(cond)})
	}
}

// readBack returns the object if it is the one that was to be written, or else the failure.
func (b *Bucket) readBack(ctx context.Context, name string, data []byte, sum uint32, opts store.WriteOptions, failure error) (*storage.ObjectAttrs, error) {
	o, err := b.object(name).Attrs(ctx)
	if errors.Is(err, storage.ErrObjectNotExist) {
		return nil, failure
	}
	if err != nil {
		return nil, err
	}
	if o.CRC32C != sum || o.Size != int64(len(data)) || !maps.Equal(o.Metadata, opts.Metadata) {
		return nil, failure
	}
	return o, nil
}

// Delete removes an object. When the answer gets lost and the object is gone at the next
// try, it counts as removed.
func (b *Bucket) Delete(ctx context.Context, name string, cond store.Condition) error {
	if cond == store.Absent {
		return b.absent(ctx, name)
	}
	if err := b.valid(name); err != nil {
		return err
	}
	return b.change(ctx, name, func(ctx context.Context, again bool) error {
		err := on(b.object(name), cond).Delete(ctx)
		switch {
		case !errors.Is(err, storage.ErrObjectNotExist):
			return err
		case b.missing(ctx):
			return stated{errNoBucket}
		case cond == store.Any || again:
			return nil
		default:
			return stated{fmt.Errorf("%w %d: it does not exist", store.ErrCondition, cond)}
		}
	})
}

// absent is what is left of deleting an object that must not exist.
func (b *Bucket) absent(ctx context.Context, name string) error {
	_, err := b.Stat(ctx, name)
	switch {
	case err == nil:
		return fmt.Errorf("%s: %w: it exists", b.show(name), store.ErrCondition)
	case errors.Is(err, store.ErrNotExist):
		return nil
	default:
		return err
	}
}
