package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"iter"
	"strings"
	"time"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ordered"
	"burnish/worker/store"
)

// ident stands for a photo, or for one generation of it.
type ident [16]byte

// identOf hashes so that a photo takes the same memory whatever the length of its key. The
// hash is a cryptographic one: nobody can name a photo so that it hides another's failure.
func identOf(key string, generation int64) ident {
	b := make([]byte, 8, 8+len(key))
	binary.BigEndian.PutUint64(b, uint64(generation))
	sum := sha256.Sum256(append(b, key...))
	return ident(sum[:16])
}

// readers is how many files are read at once. Each is in memory whole, decoded.
const readers = 8

// scan finds the last outcome of each photo, if it matches. It makes two passes over the files:
// the first finds out which outcomes a later one has overtaken, the second yields the rest.
type scan struct {
	st     store.Store
	filter Filter
	across bool // batches: then all generations of a photo are one

	files []scanned
}

// scanned is a file that is known to be readable so far.
type scanned struct {
	file
	bad  bool
	lost bits // rows that have been overtaken
}

// column is what the first pass reads of an outcome.
type column struct {
	Key        string    `parquet:"key,plain"`
	Generation int64     `parquet:"generation"`
	Status     string    `parquet:"status,dict"`
	Reason     string    `parquet:"reason,optional,dict"`
	Attempt    int64     `parquet:"attempt"`
	Ended      time.Time `parquet:"ended,timestamp(microsecond)"`
}

// contender is an outcome that may overtake others.
type contender struct {
	id    ident
	ended int64 // microseconds
	row   int32
}

// found is what the first pass finds in a file.
type found struct {
	rows       int
	contenders []contender
}

// outcomes yields what matches in batches.
func (s scan) outcomes(ctx context.Context, batches func() ([]string, error)) iter.Seq2[Outcome, error] {
	return func(yield func(Outcome, error) bool) {
		s := s // every walk has its own
		// pass hands an error on and reports whether to go on after it.
		pass := func(err error) bool { return yield(Outcome{}, err) && isSegment(err) }
		ids, err := batches()
		if err != nil {
			pass(err)
			return
		}
		if s.list(ctx, ids, pass) && s.contest(ctx, pass) {
			s.emit(ctx, yield, pass)
		}
	}
}

// list gathers the files to be read; none if nothing can match. It reports, as do the passes,
// whether to go on.
func (s *scan) list(ctx context.Context, batches []string, pass func(error) bool) bool {
	any := false
	for _, id := range batches {
		all := condensed(ctx, s.st, id)
		if s.filter.ordinary() {
			all = counted(ctx, s.st, id, "")
		}
		for f, err := range all {
			if err != nil {
				if !pass(err) {
					return false
				}
				continue
			}
			f.attrs.Metadata, f.sum.Examples, f.sum.Savings = nil, nil, nil // of thousands, they would add up
			any = any || s.filter.among(f.sum)
			if s.filter.ordinary() || f.sum.notable() > 0 {
				s.files = append(s.files, scanned{file: f})
			}
		}
	}
	return any
}

// contest finds the outcomes that a later one of the same photo has overtaken.
func (s *scan) contest(ctx context.Context, pass func(error) bool) bool {
	c := contest{limit: maxEntries}
	defer c.close()
	i := -1
	for f, err := range ordered.Map(ctx, readers, s.each(func(scanned) bool { return true }), s.find) {
		i++
		if err != nil {
			s.files[i].bad = true
			if !pass(err) {
				return false
			}
			continue
		}
		s.files[i].lost = make(bits, (f.rows+63)/64)
		for _, one := range f.contenders {
			if err := c.add(entry{one.id, place{one.ended, int32(i), one.row}}); err != nil {
				pass(err)
				return false
			}
		}
	}
	err := c.resolve(func(p place) { s.files[p.file].lost.set(p.row) })
	return err == nil || pass(err)
}

// each walks the numbers of the files that are wanted.
func (s *scan) each(want func(scanned) bool) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i, f := range s.files {
			if want(f) && !yield(i, nil) {
				return
			}
		}
	}
}

// find reads what counts for the contest from one file.
func (s *scan) find(ctx context.Context, i int) (found, error) {
	f, err := load(ctx, s.st, s.files[i].attrs)
	if err != nil {
		return found{}, err
	}
	var all found
	for c, err := range rowsOf[column](f) {
		if err != nil {
			return found{}, &SegmentError{s.files[i].attrs.Name, err}
		}
		var key queue.Key
		if err := key.UnmarshalText([]byte(c.Key)); err != nil {
			return found{}, &SegmentError{s.files[i].attrs.Name, err}
		}
		if strings.HasPrefix(string(key), string(s.filter.Prefix)) && s.counts(c) {
			all.contenders = append(all.contenders, contender{s.identity(c), c.Ended.UnixMicro(), int32(all.rows)})
		}
		all.rows++
	}
	return all, nil
}

// counts reports whether an outcome may match or overtake one that does.
func (s *scan) counts(c column) bool {
	reason := imaging.Reason(c.Reason)
	return s.says(reason) && (s.filter.ordinary() || notable(Status(c.Status), reason, c.Attempt))
}

// says reports whether a reason says something about the photo: that a job was superseded, or its
// batch cancelled, does so only for who asks for it, or within its batch.
func (s *scan) says(r imaging.Reason) bool {
	return !s.across || r != imaging.Superseded && r != imaging.Cancelled || s.filter.Reason == r
}

func (s *scan) identity(c column) ident {
	if s.across {
		return identOf(c.Key, 0)
	}
	return identOf(c.Key, c.Generation)
}

// emit yields what matches and has not been overtaken.
func (s *scan) emit(ctx context.Context, yield func(Outcome, error) bool, pass func(error) bool) {
	wanted := s.each(func(f scanned) bool { return !f.bad && s.filter.among(f.sum) })
	for all, err := range ordered.Map(ctx, readers, wanted, s.matches) {
		if err != nil && !pass(err) {
			return
		}
		for _, o := range all {
			if !yield(o, nil) {
				return
			}
		}
	}
}

// matches decodes all of a file before any of it is handed on: one that turns out to be
// damaged at its end has then done no harm with its beginning.
func (s *scan) matches(ctx context.Context, i int) ([]Outcome, error) {
	name, lost := s.files[i].attrs.Name, s.files[i].lost
	f, err := load(ctx, s.st, s.files[i].attrs)
	if err != nil {
		return nil, err
	}
	var all []Outcome
	next := int32(0)
	for _, g := range f.RowGroups() {
		n := next
		next += int32(g.NumRows())
		if !mayHold(g, string(s.filter.Reason)) {
			continue
		}
		for r, err := range rowsIn[row](g, g.NumRows()) {
			if err != nil {
				return nil, &SegmentError{name, err}
			}
			o, err := r.outcome()
			if err != nil {
				return nil, &SegmentError{name, err}
			}
			if !lost.has(n) && s.says(o.Reason) && s.filter.match(o) {
				all = append(all, o)
			}
			n++
		}
	}
	return all, nil
}
