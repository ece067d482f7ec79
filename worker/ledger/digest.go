package ledger

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"burnish/worker/ordered"
	"burnish/worker/store"
)

// A digest stands for all segments of a stretch of time that is over: its metadata have their
// counts together, its rows are their notable outcomes. So readers list and read hundreds of
// objects and not hundreds of thousands, and ledger/ remains as it is for other programs.
//
// Digests form a chain. Each is named by the segment after which it begins, the first by
// firstDigest, and says with which segment it ends; what comes after the last link is read from
// the segments. Since its name is taken under the condition that it is free, two programs that
// digest one batch at once do no harm: of two different links with one beginning one gets in.
// A chain may be deleted from any link on: it is made again from the segments, which stay.
const (
	firstDigest = "0"
	throughKey  = "through" // metadata of a digest: the base name of its last segment
)

// Bounds of a digest. One is begun when leastSegments are there to be gained: fewer are not worth
// an object. It ends when it holds mostNotable outcomes, since readers hold several in memory,
// or mostSegments.
const (
	leastSegments = 100
	mostSegments  = 10_000
	mostNotable   = 25_000
)

// Digest adds to the digests of a batch what has been settled since the last one, if that is
// enough to be worth it, and returns how many it has added. It can be called at any time, by
// any number of programs.
//
// It costs a listing of the segments since the last digest, and a read of those among them that
// hold notable outcomes.
func Digest(ctx context.Context, st store.Store, batch string) (added int, err error) {
	if err := CheckBatch(batch); err != nil {
		return 0, err
	}
	d := digester{st: st, batch: batch}
	for link, err := range chain(ctx, st, batch) {
		if err != nil {
			return 0, err
		}
		d.from = link.through
	}
	err = d.run(ctx, time.Now().Add(-settled).UTC().Format(nameTime))
	if errors.Is(err, errRaced) {
		err = nil // the other goes on
	}
	return d.added, err
}

// digester gathers the digest that is next.
type digester struct {
	st    store.Store
	batch string
	from  string // the segment after which the digest begins; empty for the first
	added int

	to       string // the last segment that is in it
	segments int
	sum      Summary
	rows     []row
}

// run digests the segments that are older than the horizon.
func (d *digester) run(ctx context.Context, horizon string) error {
	for c, err := range ordered.Map(ctx, readers, d.until(ctx, horizon), d.read) {
		if err == nil {
			err = d.add(ctx, c)
		}
		if err != nil {
			return err
		}
	}
	if d.segments < leastSegments {
		return nil
	}
	return d.close(ctx)
}

// chapter is what a digest takes from one segment.
type chapter struct {
	segment string
	sum     Summary
	rows    []row // the notable ones
}

// until walks the segments after the last digest that are older than the horizon.
func (d *digester) until(ctx context.Context, horizon string) iter.Seq2[store.Attrs, error] {
	return func(yield func(store.Attrs, error) bool) {
		for a, err := range segments(ctx, d.st, d.batch, d.from) {
			if err == nil && (!hasTime(base(a.Name)) || base(a.Name) >= horizon) {
				return
			}
			if !yield(a, err) {
				return
			}
		}
	}
}

// hasTime reports whether a name is one that a Writer gives: others say nothing about when
// their like may still come.
func hasTime(base string) bool {
	if len(base) < len(nameTime) {
		return false
	}
	_, err := time.Parse(nameTime, base[:len(nameTime)])
	return err == nil
}

// read takes a chapter from a segment. One that cannot be read ends the chain before it:
// readers are to hear of it.
func (d *digester) read(ctx context.Context, a store.Attrs) (chapter, error) {
	c := chapter{segment: base(a.Name)}
	var err error
	if c.sum, err = summaryOf(ctx, d.st, a); err != nil || c.sum.notable() == 0 {
		return c, err
	}
	f, err := load(ctx, d.st, a)
	if err != nil {
		return c, err
	}
	for r, err := range rowsOf[row](f) {
		if err != nil {
			return c, &SegmentError{a.Name, err}
		}
		if r.notable() {
			c.rows = append(c.rows, r)
		}
	}
	return c, nil
}

// add appends a chapter, and writes the digest when it is long enough.
func (d *digester) add(ctx context.Context, c chapter) error {
	d.sum.Add(c.sum)
	d.rows = append(d.rows, c.rows...)
	d.segments++
	d.to = c.segment
	if len(d.rows) >= mostNotable || d.segments >= mostSegments {
		return d.close(ctx)
	}
	return nil
}

// byReason groups outcomes, so that who looks for one reason decodes no other.
func byReason(all []row) (groups [][]row) {
	of := make(map[string][]row)
	for _, r := range all {
		of[r.Reason] = append(of[r.Reason], r)
	}
	for _, reason := range slices.Sorted(maps.Keys(of)) {
		groups = append(groups, of[reason])
	}
	return groups
}

// errRaced says that another program has written the digest that was next.
var errRaced = errors.New("digested by another program meanwhile")

// close writes the digest and begins the next.
func (d *digester) close(ctx context.Context) error {
	text, err := marshalCounts(d.sum)
	if err != nil {
		return err
	}
	data, err := encode(map[string]string{metadataKey: text, throughKey: d.to}, byReason(d.rows)...)
	if err != nil {
		return fmt.Errorf("encode digest: %w", err)
	}
	name := digestName(d.batch, d.from)
	_, err = d.st.Write(ctx, name, data, store.WriteOptions{
		If:          store.Absent,
		ContentType: contentType,
		Metadata:    map[string]string{metadataKey: text, throughKey: d.to},
	})
	if errors.Is(err, store.ErrCondition) {
		err = fmt.Errorf("%w: %w", errRaced, err)
	}
	if err != nil {
		return fmt.Errorf("write %s to %s: %w", name, d.st, err)
	}
	*d = digester{st: d.st, batch: d.batch, from: d.to, added: d.added + 1}
	return nil
}
