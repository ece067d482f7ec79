package batch

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"burnish/worker/ledger"
	"burnish/worker/store"
)

// maxRecord bounds a record in bytes. Its longest parts are two paths.
const maxRecord = 1 << 20

func name(id string) string { return ledger.Folder(id) + "batch.json" }

// Start writes the record of a new batch, which is running from then on. It sets ID, State
// and, when it is zero, Started.
//
// A Run holds a folder alone, so a run that still seems to be running there has died: Start
// first marks it interrupted. In a bucket it may be alive, and then says so when it ends.
func Start(ctx context.Context, st store.Store, b Batch) (*Batch, error) {
	if b.Kind == Run {
		if err := sweep(ctx, st); err != nil {
			return nil, err
		}
	}
	if b.Started.IsZero() {
		b.Started = time.Now()
	}
	b.Started = b.Started.UTC().Truncate(time.Millisecond)
	b.Version, b.State, b.ID = version, Running, newID(b.Started)
	if err := b.check(b.ID); err != nil {
		return nil, err
	}
	b.generation = 0
	// The mark comes first: one without a batch is passed over, a repair without one would not
	// count.
	if err := b.mark(ctx, st); err != nil {
		return nil, err
	}
	if err := b.save(ctx, st); err != nil {
		return nil, err
	}
	return &b, nil
}

// Load reads the record of a batch. A batch that there is none of is store.ErrNotExist.
func Load(ctx context.Context, st store.Store, id string) (*Batch, error) {
	if err := ledger.CheckBatch(id); err != nil {
		return nil, err
	}
	data, attrs, err := st.Read(ctx, name(id), store.ReadOptions{Limit: maxRecord})
	if errors.Is(err, store.ErrTooLarge) {
		err = fmt.Errorf("%w: %w", ErrRecord, err)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", name(id), st, err)
	}
	b, err := parse(data, id)
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w (nothing depends on it: it can be deleted)", name(id), st, err)
	}
	b.generation = attrs.Generation
	return b, nil
}

// parse is strict: a field that was ignored here would be lost at the next save.
func parse(data []byte, id string) (*Batch, error) {
	var v struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(data, &v); err == nil && v.Version > version {
		return nil, (&Batch{Version: v.Version}).check(id)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	b := new(Batch)
	if err := d.Decode(b); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecord, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("%w: something follows it", ErrRecord)
	}
	return b, b.check(id)
}

// List yields the records of all batches of a destination, the newest first. A record that
// cannot be read is an error, and the walk goes on; an error of the listing ends it.
func List(ctx context.Context, st store.Store) iter.Seq2[*Batch, error] {
	return func(yield func(*Batch, error) bool) {
		for id, err := range ledger.Newest(ctx, st) {
			if err != nil {
				yield(nil, err)
				return
			}
			b, err := Load(ctx, st, id)
			if errors.Is(err, store.ErrNotExist) {
				continue // a ledger alone: the record was deleted
			}
			if !yield(b, err) {
				return
			}
		}
	}
}

// Finish writes how a batch ended, over what others have written into the record since it was
// read: that it is paused, or taken for dead. A batch that was cancelled stays so, and one that
// is interrupted in a pause stays paused. After an error it can be called again; ErrChanged
// means that somebody else has ended the batch meanwhile.
func (b *Batch) Finish(ctx context.Context, st store.Store, s State, t Totals) error {
	if b.State != Running && b.State != Paused || s == Running || s == Paused {
		return fmt.Errorf("batch %s is %s and cannot become %s", b.ID, b.State, s)
	}
	if b.Ended.IsZero() { // else a second attempt would contradict the first
		b.Ended = time.Now().UTC().Truncate(time.Millisecond)
	}
	ended, err := Update(ctx, st, b.ID, func(there *Batch) error {
		switch {
		case there.State == s && there.Totals == t && there.Ended.Equal(b.Ended): // by an attempt whose reply was lost
		case there.State == Finished, there.State == Failed:
			return fmt.Errorf("%w: batch %s is %s", ErrChanged, b.ID, there.State)
		case there.State == Cancelled:
			s = Cancelled
		case there.State == Paused && s == Interrupted:
			there.Totals = t
			return nil
		}
		there.State, there.Totals, there.Ended, there.Note = s, t, b.Ended, cmp.Or(b.Note, there.Note)
		return nil
	})
	if err != nil {
		return err
	}
	*b = *ended
	return nil
}

// save replaces the generation that b was read or written as. When the condition does not
// hold, it looks at what stands there: it may be this very record, written by an attempt
// whose reply was lost.
func (b *Batch) save(ctx context.Context, st store.Store) error {
	data, err := b.json()
	if err != nil {
		return fmt.Errorf("batch %s: %w", b.ID, err)
	}
	attrs, err := st.Write(ctx, name(b.ID), data, store.WriteOptions{
		If:          store.Condition(b.generation), // 0 is Absent
		ContentType: "application/json",
	})
	if errors.Is(err, store.ErrCondition) {
		var there []byte
		there, attrs, err = st.Read(ctx, name(b.ID), store.ReadOptions{Limit: maxRecord})
		if err == nil && !bytes.Equal(there, data) {
			err = ErrChanged
		}
	}
	if err != nil {
		return fmt.Errorf("write %s to %s: %w", name(b.ID), st, err)
	}
	b.generation = attrs.Generation
	return nil
}

func (b *Batch) json() ([]byte, error) {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(b)
	return buf.Bytes(), err
}
