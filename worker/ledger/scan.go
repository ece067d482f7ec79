package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"iter"
	"time"

	"burnish/queue"
	"burnish/worker/store"
)

// ident stands for a photo, or for one generation of it.
type ident [16]byte

// identOf hashes so that a photo takes the same memory whatever the length of its key. The
// hash is a cryptographic one: nobody can name a photo so that it hides another's failure.
func identOf(key queue.Key, generation int64) ident {
	h := sha256.New()
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(generation))
	h.Write(n[:])
	h.Write([]byte(key))
	return ident(h.Sum(nil)[:16])
}

// place is where an outcome stands and when it ended.
type place struct {
	ended   int64 // microseconds
	segment int32
	row     int32
}

// after orders outcomes of one photo; the place settles what the clock does not.
func (p place) after(q place) bool {
	if p.ended != q.ended {
		return p.ended > q.ended
	}
	if p.segment != q.segment {
		return p.segment > q.segment
	}
	return p.row > q.row
}

// scan finds the last outcome of each photo, if it matches.
type scan struct {
	st       store.Store
	match    func(Outcome) bool
	among    func(Summary) bool // may hold a match
	all      bool               // whether match says the same of all outcomes of a photo
	identity func(Outcome) ident
	relevant func(Outcome) bool

	files []file
	last  map[ident]place // of the matching outcomes
	yield func(Outcome, error) bool
}

// file is a segment that is known to be readable so far.
type file struct {
	attrs store.Attrs
	match bool      // may hold a match
	until time.Time // when its last outcome ended
	bad   bool
}

// outcomes makes three passes over the segments: one collects the matching outcomes, one
// strikes those out that a later outcome has overtaken, and one yields the rest.
func (s scan) outcomes(ctx context.Context, batches func() ([]string, error)) iter.Seq2[Outcome, error] {
	return func(yield func(Outcome, error) bool) {
		s := s // every walk has its own
		s.last, s.yield = make(map[ident]place), yield
		ids, err := batches()
		if err != nil {
			yield(Outcome{}, err)
			return
		}
		if s.list(ctx, ids) && s.collect(ctx) && (s.all || s.strike(ctx)) {
			s.emit(ctx)
		}
	}
}

// list reports, as do the other passes, whether to go on.
func (s *scan) list(ctx context.Context, batches []string) bool {
	for _, id := range batches {
		for a, err := range segments(ctx, s.st, id) {
			if err != nil {
				s.yield(Outcome{}, err)
				return false
			}
			sum, err := summaryOf(ctx, s.st, a)
			if err != nil {
				if !s.failed(err) {
					return false
				}
				continue
			}
			a.Metadata = nil // of thousands of segments, they would add up
			s.files = append(s.files, file{attrs: a, match: s.among(sum), until: sum.Last})
		}
	}
	return true
}

func (s *scan) collect(ctx context.Context) bool {
	return s.each(ctx, func(f file) bool { return f.match }, func(o Outcome, p place) bool {
		if !s.match(o) {
			return true
		}
		id := s.identity(o)
		if have, ok := s.last[id]; !ok || p.after(have) {
			s.last[id] = p
		}
		return true
	})
}

func (s *scan) strike(ctx context.Context) bool {
	earliest := s.earliest()
	overtaking := func(f file) bool { return len(s.last) > 0 && !f.until.Before(earliest) }
	return s.each(ctx, overtaking, func(o Outcome, p place) bool {
		if have, ok := s.last[s.identity(o)]; ok && p.after(have) {
			delete(s.last, s.identity(o))
		}
		return true
	})
}

func (s *scan) earliest() time.Time {
	first := int64(1<<63 - 1)
	for _, p := range s.last {
		first = min(first, p.ended)
	}
	return time.UnixMicro(first)
}

func (s *scan) emit(ctx context.Context) bool {
	holds := make(map[int32]bool)
	for _, p := range s.last {
		holds[p.segment] = true
	}
	for i := range s.files {
		s.files[i].match = holds[int32(i)]
	}
	return s.each(ctx, func(f file) bool { return f.match }, func(o Outcome, p place) bool {
		if s.last[s.identity(o)] != p {
			return true
		}
		return s.yield(o, nil)
	})
}

// each visits the relevant outcomes of the segments that are wanted.
func (s *scan) each(ctx context.Context, want func(file) bool, visit func(Outcome, place) bool) bool {
	for i, f := range s.files {
		if f.bad || !want(f) {
			continue
		}
		stopped, err := s.visit(ctx, i, visit)
		if stopped {
			return false
		}
		if err != nil {
			s.files[i].bad = true
			if !s.failed(err) {
				return false
			}
		}
	}
	return true
}

func (s *scan) visit(ctx context.Context, i int, visit func(Outcome, place) bool) (stopped bool, err error) {
	a := s.files[i].attrs
	f, err := load(ctx, s.st, a)
	if err != nil {
		return false, err
	}
	all, err := outcomesOf(f)
	if err != nil {
		return false, &SegmentError{a.Name, err}
	}
	for n, o := range all {
		p := place{o.Ended.UnixMicro(), int32(i), int32(n)}
		if s.relevant(o) && !visit(o, p) {
			return true, nil
		}
	}
	return false, nil
}

// failed passes an error on and reports whether to go on after it.
func (s *scan) failed(err error) bool {
	return s.yield(Outcome{}, err) && isSegment(err)
}
