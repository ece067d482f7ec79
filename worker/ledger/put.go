package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"burnish/worker/store"
)

// sealed is a segment on its way into the store. Once encoded it stays what it is from attempt
// to attempt, so that a write that took place although it was reported lost can be told by
// its bytes.
type sealed struct {
	rows []row
	name string
	data []byte
	opts store.WriteOptions
}

// put makes one attempt to write a segment.
func (w *Writer) put(s *sealed) error {
	if s.data == nil {
		if err := w.encode(s); err != nil {
			return fmt.Errorf("encode segment: %w", err)
		}
	}
	_, err := w.dst.Write(w.ctx, s.name, s.data, s.opts)
	if errors.Is(err, store.ErrCondition) {
		return w.confirm(s, err)
	}
	if err != nil {
		return fmt.Errorf("write %s to %s: %w", s.name, w.dst, err)
	}
	return nil
}

// encode counts the rows and makes a file of them. Counts that are too long for metadata,
// which a closed list of reasons never makes them, are left to be counted by the reader.
func (w *Writer) encode(s *sealed) error {
	var sum Summary
	for _, r := range s.rows {
		o, err := r.outcome()
		if err != nil {
			return err
		}
		sum.Count(o)
	}
	s.name = w.nextName()
	s.opts = store.WriteOptions{If: store.Absent, ContentType: contentType}
	text, err := marshalCounts(sum)
	if err == nil {
		s.opts.Metadata = map[string]string{metadataKey: text}
	}
	s.data, err = encode(s.rows, text)
	return err
}

// confirm looks at the object that has the segment's name: it is the segment when an earlier
// attempt succeeded and its reply was lost. Otherwise the next attempt takes another name.
func (w *Writer) confirm(s *sealed, cause error) error {
	there, _, err := w.dst.Read(w.ctx, s.name, store.ReadOptions{Limit: int64(len(s.data))})
	switch {
	case err == nil && bytes.Equal(there, s.data):
		return nil
	case err == nil || errors.Is(err, store.ErrTooLarge):
		taken := s.name
		s.name = w.nextName()
		return fmt.Errorf("write %s to %s: %w", taken, w.dst, cause)
	}
	return fmt.Errorf("read back %s from %s: %w", s.name, w.dst, err)
}

// nextName names a segment so that names sort by time, and no two writers choose the same.
func (w *Writer) nextName() string {
	w.seq++
	return fmt.Sprintf("%sledger/%s-%s-%06d.parquet",
		Folder(w.batch), time.Now().UTC().Format("20060102T150405Z"), w.id, w.seq)
}

// passes reports whether the trouble may be over when the write is tried again. A name that
// was taken is: the next attempt has another.
func passes(err error) bool {
	return errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrThrottled) || errors.Is(err, store.ErrCondition)
}
