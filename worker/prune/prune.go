// Package prune finds and removes manifests and variants that no photo has any more.
//
// A manifest goes when its photo is gone, with the variants it names. A variant goes when the
// manifest of its photo does not name it: an earlier recipe made it, or an earlier photo of that
// name. Nothing goes because of what could not be read.
package prune

import (
	"context"
	"iter"
	"time"

	"burnish/queue"
	"burnish/worker/store"
)

// Why says why something is to go.
type Why string

// SourceGone is a published photo whose source is gone; Unnamed are variants that the manifest
// does not name; Unpublished are variants of a photo with neither manifest nor source.
const (
	SourceGone  Why = "source gone"
	Unnamed     Why = "not in the manifest"
	Unpublished Why = "neither photo nor manifest"
)

// Whys lists all reasons.
var Whys = []Why{SourceGone, Unnamed, Unpublished}

// Remains is what is to go of one photo. It holds all of that in memory: some dozen names.
type Remains struct {
	Key      queue.Key
	Why      Why
	Manifest Object   // of a SourceGone photo; else its Name is empty
	Variants []Object // those that are to go
}

// Object is an object as it was found.
type Object struct {
	Name       string
	Size       int64 // bytes
	Generation int64
}

// Bytes is what all of it takes.
func (r Remains) Bytes() int64 {
	n := r.Manifest.Size
	for _, v := range r.Variants {
		n += v.Size
	}
	return n
}

// Seen counts what a walk has come past, kept or not.
type Seen struct {
	Manifests, Variants int64
}

// Pruner prunes a destination of what a source does not have.
type Pruner struct {
	Source store.Store
	Dest   store.Store

	// MinAge is how long a variant must have stood there that its manifest does not name: a
	// worker writes them before the manifest. It must be longer than a job can take.
	MinAge time.Duration
}

// Walk yields what is to go: first the photos that are gone, by their keys, then variants. It
// counts what it comes past into seen. It takes three listings, a look at the source for each
// manifest without a photo, and a read of the manifest where a variant was not made together
// with it. The first error ends it.
func (p *Pruner) Walk(ctx context.Context, seen *Seen) iter.Seq2[Remains, error] {
	return func(yield func(Remains, error) bool) {
		for _, part := range []iter.Seq2[Remains, error]{p.orphans(ctx, seen), p.strays(ctx, seen)} {
			for r, err := range part {
				if !yield(r, err) || err != nil {
					return
				}
			}
		}
	}
}
