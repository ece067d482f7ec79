package worker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"golang.org/x/sync/errgroup"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

// photo is what is known of one delivery on its way along the line.
type photo struct {
	queue.Delivery
	recipe     *recipe     // zero until it is known
	previous   Manifest    // zero where none was published
	manifest   store.Attrs // of the previous manifest; Generation 0 where there is none
	damaged    bool        // the previous manifest names variants that do not stand as it says
	source     []byte
	sum        string // SHA-256 of source
	generation int64  // of source
	size       int64  // bytes of source
	release    func() // gives the budget back what source takes of it; nil while it takes nothing
	result     imaging.Result
	published  []PublishedVariant
}

// free gives back what the photo has taken of the budget.
func (p *photo) free() {
	if p.release != nil {
		p.release()
	}
}

// process takes a photo along the line.
//
// The order of the writes is what makes a crash at any point harmless. Variants come first:
// nobody looks at them before a manifest names them. The manifest comes last: from then on the
// photo is published. The outcome follows, then the ack. A worker that dies in between leaves
// a job that is delivered again and finds its own variants.
func (w *Worker) process(ctx context.Context, p *photo) error {
	defer p.free()
	if err := check(p); err != nil {
		return err
	}
	if err := w.wanted(ctx, p); err != nil {
		return err
	}
	if err := w.choose(ctx, p); err != nil {
		return err
	}
	if err := w.lookUp(ctx, p); err != nil {
		return err
	}
	if err := w.fetch(ctx, p); err != nil {
		return err
	}
	if unchanged, err := w.unchanged(ctx, p); err != nil {
		return err
	} else if unchanged {
		return w.renew(ctx, p)
	}
	if err := w.develop(ctx, p); err != nil {
		return err
	}
	err := w.writeVariants(ctx, p)
	if err == nil {
		err = w.publish(ctx, p)
	}
	if errors.Is(err, errSuperseded) {
		return w.giveWay(ctx, p, err)
	}
	return err
}

// check refuses a job whose batch no ledger can have. Its outcome then belongs to none.
func check(p *photo) error {
	if p.Batch == "" {
		return nil
	}
	if err := ledger.CheckBatch(p.Batch); err != nil {
		p.Batch = ""
		return fmt.Errorf("%w: %w", errMalformed, err)
	}
	return nil
}

// wanted ends the line for a photo of a cancelled batch before anything is done.
func (w *Worker) wanted(ctx context.Context, p *photo) error {
	if w.Cancelled != nil && p.Batch != "" && w.Cancelled(ctx, p.Batch) {
		return errCancelled
	}
	return nil
}

// choose finds the recipe that the job asks for.
func (w *Worker) choose(ctx context.Context, p *photo) error {
	r, err := w.recipes.find(ctx, p.Recipe)
	if err != nil {
		return err
	}
	p.recipe = r
	return nil
}

// lookUp reads what was published before. That it is what the job asks for does not end the
// line yet: the source may have a newer generation, which failed, and a late job that ends as
// fresh after that would hide the failure.
func (w *Worker) lookUp(ctx context.Context, p *photo) error {
	m, attrs, err := ReadManifest(ctx, w.Dest, p.Key)
	switch {
	case errors.Is(err, store.ErrNotExist):
		return nil
	case errors.Is(err, ErrManifest), errors.Is(err, store.ErrLink):
		w.Log.WarnContext(ctx, "manifest is replaced", "key", p.Key, "error", err)
	case err != nil:
		return fmt.Errorf("read the manifest: %w", destination(err))
	}
	p.previous, p.manifest = m, attrs
	if p.Attempt > 1 {
		intact, err := w.intact(ctx, m)
		if err != nil {
			return err
		}
		p.damaged = !intact
	}
	return nil
}

// fetch reads the photo, whole: a coded photo is small, and an engine that reads from memory
// needs no file, no network and no credentials. It reads the newest generation, whichever the
// job names: work on an older one would be overwritten.
func (w *Worker) fetch(ctx context.Context, p *photo) error {
	data, attrs, err := w.Source.Read(ctx, string(p.Key), store.ReadOptions{
		Limit: int64(p.recipe.Limits.Bytes),
		Admit: func(ctx context.Context, a store.Attrs) error { return w.admit(ctx, p, a) },
	})
	p.generation, p.size = attrs.Generation, attrs.Size
	switch {
	case errors.Is(err, store.ErrTooLarge) && !named(p.Key):
		return errNotAPhoto
	case errors.Is(err, store.ErrTooLarge):
		return fmt.Errorf("%w: the recipe allows %d", err, p.recipe.Limits.Bytes)
	case err != nil:
		return fmt.Errorf("fetch: %w", err)
	case !named(p.Key) && !looksCoded(data):
		return errNotAPhoto
	}
	p.source = data
	sum := sha256.Sum256(data)
	p.sum = hex.EncodeToString(sum[:])
	return nil
}

// admit decides about a photo whose attributes are known and whose bytes are still to come. It
// waits until the photos that are fetched already leave room for it.
//
// An upload names the generation that it made. When another one stands there, the photo has been
// uploaded again since, and that upload has a job of its own: this job is an old notification,
// or one that was delivered late. Jobs of the other lanes ask for the photo, as it is by now.
func (w *Worker) admit(ctx context.Context, p *photo, a store.Attrs) error {
	p.free() // what the photo took before it was found to have changed
	switch {
	case p.Lane == queue.Upload && p.Generation != 0 && p.Generation != a.Generation && !p.damaged:
		return errSuperseded
	case w.fresh(p, a.Generation):
		return errFresh
	}
	var err error
	p.release, err = w.budget.take(ctx, p.Lane, a.Size)
	return err
}

// fresh reports whether a generation of the photo is published, by the same recipe.
func (w *Worker) fresh(p *photo, generation int64) bool {
	return !w.Force && !p.damaged && p.previous.Generation == generation && p.previous.Fingerprint == p.recipe.fingerprint
}

// unchanged reports whether the photo was published from the same bytes by the same recipe:
// it was touched, copied or uploaded again, not changed. A worker that died on what the photo was
// in between may have overwritten its variants.
func (w *Worker) unchanged(ctx context.Context, p *photo) (bool, error) {
	if w.Force || p.damaged || p.previous.SHA256 != p.sum || p.previous.Fingerprint != p.recipe.fingerprint {
		return false, nil
	}
	return w.intact(ctx, p.previous)
}

// renew publishes the previous manifest again under the new generation.
func (w *Worker) renew(ctx context.Context, p *photo) error {
	m := p.previous
	m.Generation = p.generation
	if err := w.writeManifest(ctx, p, m); err != nil {
		return err
	}
	return fmt.Errorf("%w from the same bytes", errFresh)
}

// develop has the imager decode, enhance and encode.
func (w *Worker) develop(ctx context.Context, p *photo) error {
	if w.gate != nil {
		if err := w.gate.Enter(ctx, p.Lane); err != nil {
			return err
		}
		defer w.gate.Leave()
		p.free() // the imager has a child for it
	}
	var err error
	p.result, err = w.Imager.Process(ctx, imaging.Request{
		Limits:   p.recipe.Limits,
		Enhance:  p.recipe.Enhance,
		Variants: p.recipe.Variants,
		Source:   p.source,
	})
	return err
}

// writers is how many variants of one photo are written at once. Against a bucket each write
// is mostly waiting; on a disk the syncs of several files share a journal commit.
const writers = 4

func (w *Worker) writeVariants(ctx context.Context, p *photo) error {
	before := make(map[string]int64)
	for _, v := range p.previous.Variants {
		before[string(v.Path)] = v.Generation
	}
	p.published = make([]PublishedVariant, len(p.result.Variants))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(writers)
	for i, v := range p.result.Variants {
		g.Go(func() error {
			name := variantName(p, v)
			attrs, err := w.write(ctx, p, name, v.Data, store.WriteOptions{
				If:           store.Condition(before[name]), // 0 is Absent
				ContentType:  v.Format.ContentType(),
				CacheControl: p.recipe.Output.Header(),
				Metadata:     origin(p.generation, p.recipe.fingerprint),
				Part:         true, // of what the manifest names
			})
			if err != nil {
				return fmt.Errorf("write %s: %w", name, destination(err))
			}
			p.published[i] = PublishedVariant{Variant: v, Path: queue.Key(name), Bytes: int64(len(v.Data)), Generation: attrs.Generation}
			return nil
		})
	}
	return g.Wait()
}

// publish writes the manifest: the moment at which readers see the new variants.
func (w *Worker) publish(ctx context.Context, p *photo) error {
	return w.writeManifest(ctx, p, Manifest{
		Version:     1,
		Key:         p.Key,
		Generation:  p.generation,
		SHA256:      p.sum,
		Recipe:      p.recipe.Name,
		Fingerprint: p.recipe.fingerprint,
		Engine:      w.Imager.Build(),
		Source:      p.result.Source,
		Analysis:    p.result.Analysis,
		Steps:       p.result.Steps,
		Variants:    p.published,
		Published:   time.Now().UTC().Truncate(time.Millisecond),
	})
}

func (w *Worker) writeManifest(ctx context.Context, p *photo, m Manifest) error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	_, err = w.write(ctx, p, ManifestName(p.Key), append(data, '\n'), store.WriteOptions{
		If:          store.Condition(p.manifest.Generation), // 0 is Absent
		ContentType: "application/json",
		// Whoever keeps a manifest asks whether it is still the same: it says which variants
		// there are, and is replaced in its place.
		CacheControl: "no-cache",
		Metadata:     origin(m.Generation, m.Fingerprint),
	})
	if err != nil {
		return fmt.Errorf("write the manifest: %w", destination(err))
	}
	return nil
}

// conflicts bounds how often a write is tried again after a lost condition.
const conflicts = 3

// write stores an object that others may be writing too. After a lost condition it looks at
// what stands there: an earlier write for the same generation and recipe is as good as this
// one; otherwise the source decides. While it still has the generation that this worker read,
// what stands there is older and is overwritten; else this worker is the late one.
func (w *Worker) write(ctx context.Context, p *photo, name string, data []byte, opts store.WriteOptions) (store.Attrs, error) {
	last := store.ErrCondition
	for range conflicts {
		attrs, err := w.Dest.Write(ctx, name, data, opts)
		if errors.Is(err, store.ErrName) {
			if err := w.makeWay(ctx, name); err != nil {
				return attrs, err
			}
			last = err
			continue
		}
		if !errors.Is(err, store.ErrCondition) {
			return attrs, err
		}
		there, err := w.Dest.Stat(ctx, name)
		if errors.Is(err, store.ErrNotExist) {
			opts.If = store.Absent
			continue
		}
		link := errors.Is(err, store.ErrLink) // which has no generation and is nobody's work
		if err != nil && !link {
			return there, err
		}
		if !link && !w.Force && there.Size == int64(len(data)) && maps.Equal(there.Metadata, opts.Metadata) {
			return there, nil
		}
		now, err := w.Source.Stat(ctx, string(p.Key))
		switch {
		case errors.Is(err, store.ErrNotExist), err == nil && now.Generation != p.generation:
			return there, errSuperseded
		case err != nil:
			return there, fmt.Errorf("look whether the photo is still the same: %w", err)
		}
		opts.If = store.Condition(there.Generation)
		if link {
			opts.If = store.Any
		}
	}
	return store.Attrs{}, last
}

// errDestination reports that the destination takes nothing, whatever the photo.
var errDestination = errors.New("the destination takes no more")

// destination marks the errors of the destination that the next photo would meet too.
func destination(err error) error {
	if errors.Is(err, store.ErrFull) || errors.Is(err, store.ErrDenied) {
		return fmt.Errorf("%w: %w", errDestination, err)
	}
	return err
}
