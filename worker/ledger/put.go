package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"burnish/worker/store"
)

// sealed is outcomes on their way into the store.
type sealed struct {
	rows     []row
	encoded  bool
	segments []*segment // of them, those that are not known to be there
}

// segment is one object of a ledger. Once encoded it stays what it is from attempt to attempt,
// so that a write that took place although it was reported lost can be told by its bytes.
type segment struct {
	name  string
	named time.Time
	data  []byte
	opts  store.WriteOptions
}

// A name says when a segment was written, and digests go by it: an hour later they take it for
// certain that no segment of that name is still to come. So a name is not used for long, and
// half an hour is left for clocks that differ.
const (
	maxNameAge = 15 * time.Minute // at the start of an attempt
	maxAttempt = 15 * time.Minute
	settled    = time.Hour
)

// put makes one attempt to write what is sealed.
func (w *Writer) put(s *sealed) error {
	if !s.encoded {
		if err := w.encode(s); err != nil {
			return fmt.Errorf("encode segment: %w", err)
		}
	}
	for len(s.segments) > 0 {
		if err := w.putSegment(s.segments[0]); err != nil {
			return err
		}
		s.segments = s.segments[1:]
	}
	w.digest()
	return nil
}

// digestEvery is how often a writer that lives so long looks whether there is enough to digest.
const digestEvery = time.Hour

// digest does no harm when it fails: readers then have more to read.
func (w *Writer) digest() {
	if time.Since(w.digested) < digestEvery {
		return
	}
	w.digested = time.Now()
	if _, err := Digest(w.ctx, w.dst, w.batch); err != nil {
		w.opts.Log.Warn("ledger is not digested", "batch", w.batch, "again in", digestEvery, "error", err)
	}
}

func (w *Writer) putSegment(s *segment) error {
	ctx, cancel := context.WithTimeout(w.ctx, maxAttempt)
	defer cancel()
	if time.Since(s.named) > maxNameAge {
		if there, err := w.stands(ctx, s); there || err != nil {
			return err
		}
		w.rename(s)
	}
	_, err := w.dst.Write(ctx, s.name, s.data, s.opts)
	if errors.Is(err, store.ErrCondition) {
		return w.confirm(ctx, s, err)
	}
	if err != nil {
		return fmt.Errorf("write %s to %s: %w", s.name, w.dst, err)
	}
	return nil
}

// encode makes files of the rows.
func (w *Writer) encode(s *sealed) error {
	for _, rows := range apart(s.rows) {
		one, err := w.segment(rows)
		if err != nil {
			return err
		}
		s.segments = append(s.segments, one)
	}
	s.encoded = true
	return nil
}

// segment counts the rows and makes a file of them. Counts that are too long for metadata,
// which a closed list of reasons never makes them, are left to be counted by the reader.
func (w *Writer) segment(rows []row) (*segment, error) {
	var sum Summary
	for _, r := range rows {
		o, err := r.outcome()
		if err != nil {
			return nil, err
		}
		sum.Count(o)
	}
	s := &segment{opts: store.WriteOptions{If: store.Absent, ContentType: contentType}}
	w.rename(s)
	text, err := marshalCounts(sum)
	if err == nil {
		s.opts.Metadata = map[string]string{metadataKey: text}
	}
	s.data, err = encode(map[string]string{metadataKey: text}, rows)
	return s, err
}

// confirm looks at the object that has the segment's name: it is the segment when an earlier
// attempt succeeded and its reply was lost. Otherwise the next attempt takes another name.
func (w *Writer) confirm(ctx context.Context, s *segment, cause error) error {
	there, err := w.stands(ctx, s)
	if there || err != nil {
		return err
	}
	taken := s.name
	w.rename(s)
	return fmt.Errorf("write %s to %s: %w", taken, w.dst, cause)
}

// stands reports whether the segment is in the store.
func (w *Writer) stands(ctx context.Context, s *segment) (bool, error) {
	there, _, err := w.dst.Read(ctx, s.name, store.ReadOptions{Limit: int64(len(s.data))})
	switch {
	case err == nil:
		return bytes.Equal(there, s.data), nil
	case errors.Is(err, store.ErrTooLarge), errors.Is(err, store.ErrNotExist):
		return false, nil
	}
	return false, fmt.Errorf("read back %s from %s: %w", s.name, w.dst, err)
}

// nameTime is how a segment's name begins.
const nameTime = "20060102T150405Z"

// rename names a segment so that names sort by time, and no two writers choose the same.
func (w *Writer) rename(s *segment) {
	w.seq++
	s.named = time.Now()
	s.name = fmt.Sprintf("%s%s-%s-%06d.parquet", segmentFolder(w.batch), s.named.UTC().Format(nameTime), w.id, w.seq)
}

// passes reports whether the trouble may be over when the write is tried again. A name that
// was taken is: the next attempt has another.
func passes(err error) bool {
	return errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrThrottled) ||
		errors.Is(err, store.ErrCondition) || errors.Is(err, context.DeadlineExceeded)
}
