package main

import (
	"context"
	"fmt"
	"time"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ledger"
	"burnish/worker/store"
	"burnish/worker/store/storetest"
)

const batchID = "20261101T000000Z-0000000001"

// A recorder writes a pile of outcomes at a time; ten of them work for two days here.
const (
	perPile = 10_000
	begun   = 10 * 24 * time.Hour // ago
	every   = 9 * time.Second
)

// kinds are the failures in each pile: one outcome of two hundred.
var kinds = []struct {
	reason imaging.Reason
	inPile int
}{
	{imaging.Unsupported, 30}, {imaging.Truncated, 15}, {imaging.Timeout, 4}, {imaging.Crashed, 1},
}

// fill writes the segments that recorders would have written, and returns how many. Those of
// failures are whole. The others are never read: they have the true metadata and no bytes.
func fill(ctx context.Context, st store.Store, outcomes int) (objects int, err error) {
	good, err := segment(ctx, goodOutcomes())
	if err != nil {
		return 0, err
	}
	for pile := range outcomes / perPile {
		bad, err := segment(ctx, badOutcomes(pile))
		if err != nil {
			return objects, err
		}
		at := time.Now().Add(-begun + time.Duration(pile)*every).UTC().Format("20060102T150405Z")
		for part, s := range []object{bad, {metadata: good.metadata}} {
			name := fmt.Sprintf("%sledger/%s-%016x-%06d.parquet", ledger.Folder(batchID), at, pile%10, 2*pile+part)
			_, err := st.Write(ctx, name, s.data, store.WriteOptions{Metadata: s.metadata, Part: true})
			if err != nil {
				return objects, err
			}
			objects++
		}
	}
	return objects, nil
}

// object is a segment as a store holds it.
type object struct {
	data     []byte
	metadata map[string]string
}

// segment has the ledger write one.
func segment(ctx context.Context, all []ledger.Outcome) (object, error) {
	scratch := storetest.NewMemory()
	w, err := ledger.NewWriter(scratch, batchID, ledger.Options{})
	if err != nil {
		return object{}, err
	}
	for _, o := range all {
		if err := w.Record(ctx, o); err != nil {
			return object{}, err
		}
	}
	if err := w.Close(ctx); err != nil {
		return object{}, err
	}
	for a, err := range scratch.List(ctx, store.Range{}) {
		if err != nil {
			return object{}, err
		}
		a, data := scratch.Object(a.Name)
		return object{data, a.Metadata}, nil
	}
	return object{}, fmt.Errorf("no segment of %d outcomes", len(all))
}

// outcome is what all have in common.
func outcome(key string, s ledger.Status, r imaging.Reason) ledger.Outcome {
	return ledger.Outcome{
		Batch: batchID, Key: queue.Key(key), Generation: 1763812800000001, Lane: queue.Backfill, Status: s, Reason: r,
		Recipe: "catalogue", Fingerprint: "0123456789abcdef", Attempt: 1, SourceBytes: 900_000,
		CPU: 300 * time.Millisecond, Elapsed: 400 * time.Millisecond, Ended: time.Now().Add(-begun),
	}
}

func goodOutcomes() []ledger.Outcome {
	var all []ledger.Outcome
	for i := range perPile - len(badOutcomes(0)) {
		o := outcome(fmt.Sprintf("shop/photos/%09d.jpg", i), ledger.Done, "")
		o.Written = map[imaging.Format]ledger.Written{
			imaging.JPEG: {Variants: 4, Bytes: 200_000}, imaging.WebP: {Variants: 4, Bytes: 180_000}, imaging.AVIF: {Variants: 4, Bytes: 120_000},
		}
		all = append(all, o)
	}
	return all
}

func badOutcomes(pile int) []ledger.Outcome {
	var all []ledger.Outcome
	for _, k := range kinds {
		for i := range k.inPile {
			o := outcome(fmt.Sprintf("shop/photos/%s/%09d-%02d.jpg", k.reason, pile, i), ledger.Failed, k.reason)
			o.Message = fmt.Sprintf("decode: %s: the data end at byte %d of %d", k.reason, pile*7919+i, 900_000)
			all = append(all, o)
		}
	}
	return all
}
