package batch

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"burnish/queue"
	"burnish/worker/store"
)

// manifests is where a destination keeps the manifest of each key, under the key's own name,
// so that both listings sort alike.
const manifests = "manifests/"

// PhotoState is what a manifest says of a photo.
type PhotoState string

// Missing has no manifest, Stale one of other bytes or of another recipe, Fresh the right
// one; an Orphan is a manifest whose photo is gone, and Absent a key of a list that has none.
const (
	Missing PhotoState = "missing"
	Stale   PhotoState = "stale"
	Fresh   PhotoState = "fresh"
	Orphan  PhotoState = "orphan"
	Absent  PhotoState = "absent"
)

// Why says what makes a photo stale.
type Why string

// NewGeneration is a photo that has changed, whatever the recipe; NewRecipe one that has not;
// Unreadable a manifest that does not say what it was made from.
const (
	NewGeneration Why = "generation"
	NewRecipe     Why = "recipe"
	Unreadable    Why = "unreadable"
)

// Decision is what is to be done about one key.
type Decision struct {
	Key        queue.Key
	State      PhotoState
	Why        Why   // empty unless stale
	Generation int64 // of the photo; 0 for an orphan
	Bytes      int64 // of the photo
	Manifest   int64 // generation of the manifest's object; 0 when missing
}

// Options bound a reconciliation. The zero value takes everything, in order.
type Options struct {
	Filter Filter // of the photos; of orphans, which are not looked at, the keys alone

	// Ranges is how many key ranges are walked at once; up to 1, one decision follows another
	// in the order of their keys. Each range lists both stores by itself.
	Ranges int

	// Outage is how long a store is waited for that does not answer or asks to slow down, beyond
	// what it does about that itself. Listings then go on after the last key. 0 is not at all.
	Outage time.Duration

	// Body reads from a manifest, by its name, what a listing shows as its metadata: it is
	// asked when the listing does not. No metadata and no error stand for a manifest that
	// cannot be read. Without Body all such manifests count as unreadable.
	Body func(ctx context.Context, st store.Store, name string) (map[string]string, error)
}

// Reconcile walks the photos of src and the manifests of dst side by side and decides about
// each. It keeps one object of either in memory, or in each range a few hundred decisions.
//
// Neither listing is a picture of one moment. What that does to a photo is harmless: one that
// was published after its manifest's turn seems missing or stale, and the worker that gets
// the job finds it fresh. Orphans are different, as somebody may delete them: a photo that
// came after its turn would leave its manifest behind as one. So the photo of a manifest
// without a photo is looked up by name before it is called an orphan. Where that is denied
// nobody knows, and nothing is decided: its folder is closed, and is listed as such.
//
// Names that end with a slash, with which consoles keep empty folders, are no photos. The
// first error ends the walk.
func Reconcile(ctx context.Context, src, dst store.Store, fingerprint string, opts Options) iter.Seq2[Decision, error] {
	r := newReconciler(src, dst, fingerprint, opts)
	if opts.Ranges > 1 {
		return r.inRanges(ctx)
	}
	return func(yield func(Decision, error) bool) {
		err := r.walk(ctx, new(span), func(d Decision) bool { return yield(d, nil) })
		if err != nil && !errors.Is(err, errStopped) {
			yield(Decision{}, err)
		}
	}
}

// errStopped says that the loop over the decisions was left.
var errStopped = errors.New("stopped")

// object is one of a listing; its key is its name below the folder.
type object struct {
	key string
	store.Attrs
}

// listing walks the part of a folder that is within a prefix and a span, and holds the store
// to the order that the comparison relies on.
func listing(ctx context.Context, st store.Store, folder, prefix, from, to string) iter.Seq2[object, error] {
	r := store.Range{Prefix: folder + prefix}
	if from != "" {
		r.From = folder + from
	}
	if to != "" {
		r.To = folder + to
	}
	return func(yield func(object, error) bool) {
		last := ""
		for a, err := range st.List(ctx, r) {
			if err == nil && a.Name <= last {
				err = fmt.Errorf("it is not sorted: %q follows %q", a.Name, last)
			}
			if err != nil {
				yield(object{}, fmt.Errorf("list %s: %w", st, err))
				return
			}
			last = a.Name
			if !strings.HasSuffix(a.Name, "/") && !yield(object{a.Name[len(folder):], a}, nil) {
				return
			}
		}
	}
}

// side is where the walk stands in one listing.
type side struct {
	next func() (object, error, bool)
	at   object
	more bool
}

func (s *side) advance() (err error) {
	s.at, err, s.more = s.next()
	return err
}

// reconciler says what is compared, and how.
type reconciler struct {
	src, dst    store.Store
	fingerprint string
	opts        Options
	prefix      string // of the keys that are listed
}

func newReconciler(src, dst store.Store, fingerprint string, opts Options) *reconciler {
	return &reconciler{
		src: patient{src, opts.Outage}, dst: patient{dst, opts.Outage},
		fingerprint: fingerprint, opts: opts, prefix: opts.Filter.listed(),
	}
}

// walk decides about the keys of one span, until somebody else has taken the rest of it.
func (r *reconciler) walk(ctx context.Context, s *span, yield func(Decision) bool) error {
	from, to := s.bounds()
	photos, stopPhotos := iter.Pull2(listing(ctx, r.src, "", r.prefix, from, to))
	defer stopPhotos()
	published, stopPublished := iter.Pull2(listing(ctx, r.dst, manifests, r.prefix, from, to))
	defer stopPublished()
	m := merge{reconciler: r, ctx: ctx, yield: yield}
	return m.merge(s, side{next: photos}, side{next: published})
}

// merge is one walk through two listings.
type merge struct {
	*reconciler
	ctx   context.Context
	yield func(Decision) bool
}

func (r *merge) merge(s *span, photo, manifest side) error {
	if err := errors.Join(photo.advance(), manifest.advance()); err != nil {
		return err
	}
	for photo.more || manifest.more {
		first := !manifest.more || photo.more && photo.at.key <= manifest.at.key
		second := !photo.more || manifest.more && manifest.at.key <= photo.at.key
		key := photo.at.key
		if !first {
			key = manifest.at.key
		}
		if !s.pass(key) {
			return nil
		}
		var err error
		switch {
		case first && second:
			err = r.both(photo.at, manifest.at)
		case first:
			err = r.pass(Decision{State: Missing}, photo.at)
		default:
			err = r.alone(manifest.at)
		}
		if err == nil && first {
			err = photo.advance()
		}
		if err == nil && second {
			err = manifest.advance()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// pass hands on a decision about a photo.
func (r *merge) pass(d Decision, photo object) error {
	if !r.opts.Filter.Has(photo.Attrs) {
		return nil
	}
	d.Key, d.Generation, d.Bytes = queue.Key(photo.key), photo.Generation, photo.Size
	if !r.yield(d) {
		return errStopped
	}
	return nil
}

// alone decides about a manifest whose photo is not listed.
func (r *merge) alone(manifest object) error {
	if !r.opts.Filter.names(manifest.key) {
		return nil
	}
	a, err := r.src.Stat(r.ctx, manifest.key)
	switch {
	case err == nil:
		return r.both(object{manifest.key, a}, manifest)
	case errors.Is(err, store.ErrDenied):
		return nil
	case !errors.Is(err, store.ErrNotExist) && !errors.Is(err, store.ErrName):
		return fmt.Errorf("look for %q in %s: %w", manifest.key, r.src, err)
	case !r.yield(Decision{Key: queue.Key(manifest.key), State: Orphan, Manifest: manifest.Generation}):
		return errStopped
	}
	return nil
}

// both decides about a photo that has a manifest.
func (r *merge) both(photo, manifest object) error {
	generation, fingerprint, ok := origin(manifest.Metadata)
	if !ok && r.opts.Body != nil {
		body, err := r.opts.Body(r.ctx, r.dst, manifest.Name)
		if errors.Is(err, store.ErrNotExist) {
			return r.pass(Decision{State: Missing}, photo)
		}
		// A link that leads nowhere says nothing of the photo, and the next manifest replaces it.
		if err != nil && !errors.Is(err, store.ErrLink) {
			return fmt.Errorf("read %s of %s: %w", manifest.Name, r.dst, err)
		}
		generation, fingerprint, ok = origin(body)
	}
	d := Decision{State: Stale, Manifest: manifest.Generation}
	switch {
	case !ok:
		d.Why = Unreadable
	case generation != photo.Generation:
		d.Why = NewGeneration
	case fingerprint != r.fingerprint:
		d.Why = NewRecipe
	default:
		d.State = Fresh
	}
	return r.pass(d, photo)
}

// origin reads the metadata that says what a manifest was made from.
func origin(metadata map[string]string) (generation int64, fingerprint string, ok bool) {
	generation, err := strconv.ParseInt(metadata["generation"], 10, 64)
	fingerprint = metadata["fingerprint"]
	return generation, fingerprint, err == nil && generation != 0 && fingerprint != ""
}
