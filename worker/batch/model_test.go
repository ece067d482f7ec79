package batch_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"burnish/imaging"
	"burnish/queue"
	jobs "burnish/queue/memory"
	"burnish/worker"
	"burnish/worker/batch"
	"burnish/worker/ledger"
	"burnish/worker/store"
	"burnish/worker/store/storetest"
)

// echo is an imager whose variants are the photo's bytes and the recipe's widths. It takes a
// second for each, and refuses bytes that begin with "bad".
type echo struct{}

func (echo) Build() imaging.Build { return imaging.Build{} }

func (echo) Process(ctx context.Context, req imaging.Request) (r imaging.Result, err error) {
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return r, ctx.Err()
	}
	if strings.HasPrefix(string(req.Source), "bad") {
		return r, imaging.ErrCorrupt
	}
	for _, width := range req.Variants.Widths {
		r.Variants = append(r.Variants, imaging.Variant{Name: fmt.Sprint(width), Format: imaging.JPEG, Data: variant(string(req.Source), width)})
	}
	return r, nil
}

func variant(content string, width int) []byte { return fmt.Appendf(nil, "%s at %d", content, width) }

// slow is a store that takes a while to write, so that a kill may come between two writes.
type slow struct{ *storetest.Memory }

func (s slow) Write(ctx context.Context, name string, data []byte, opts store.WriteOptions) (store.Attrs, error) {
	time.Sleep(300 * time.Millisecond)
	return s.Memory.Write(ctx, name, data, opts)
}

// publication is what the model knows of a published photo.
type publication struct {
	content string
	width   int
}

// world is a catalogue, its destination and what the destination has to hold.
type world struct {
	t        *testing.T
	rng      *rand.Rand
	src, dst *storetest.Memory
	recipe   imaging.Recipe

	photos    map[string]string      // content by key
	published map[string]publication // by key; of photos that are gone, too
	log       []string
}

func newWorld(t *testing.T, seed uint64) *world {
	recipe, _ := imaging.Builtin("catalogue")
	recipe.Variants.Widths = []int{1}
	return &world{
		t: t, rng: rand.New(rand.NewPCG(seed, 6)), src: storetest.NewMemory(), dst: storetest.NewMemory(),
		recipe: recipe, photos: make(map[string]string), published: make(map[string]publication),
	}
}

// keys sort around each other's prefixes.
var modelKeys = []string{"a.jpg", "a.jpg/b.jpg", "a!.jpg", "a/b.jpg", "a0.jpg", "b.jpg", "b/c/d.jpg", "é.jpg", "日本/語.jpg", "z.jpg", "z/1.jpg", "z/2.jpg", "z/3.jpg"}

// step does something to the world and to the model.
func (w *world) step() {
	key := modelKeys[w.rng.IntN(len(modelKeys))]
	switch w.rng.IntN(14) {
	case 0, 1, 2, 3:
		w.upload(key, []string{"good", "bad"}[w.rng.IntN(5)/4])
	case 4:
		w.note("delete %s", key)
		delete(w.photos, key)
		_ = w.src.Delete(context.Background(), key, store.Any)
	case 5:
		w.recipe.Variants.Widths = []int{1 + w.rng.IntN(3)}
		w.note("recipe of width %v", w.recipe.Variants.Widths)
	case 6, 7:
		w.note("backfill")
		w.backfill(func(*batch.Conductor, string, func()) {})
		w.settled(func(string) bool { return true })
	case 8, 9:
		w.note("backfill that is killed, and one after it")
		w.backfill(func(_ *batch.Conductor, _ string, kill func()) { time.Sleep(w.moment()); kill() })
		w.backfill(func(*batch.Conductor, string, func()) {})
		w.settled(func(string) bool { return true })
	case 10:
		w.note("backfill that is paused and resumed, with an upload in between")
		w.backfill(func(_ *batch.Conductor, id string, _ func()) {
			time.Sleep(w.moment())
			if _, err := batch.Pause(context.Background(), w.dst, id, "model"); err != nil {
				return // it has ended
			}
			time.Sleep(time.Minute)
			w.upload(key, "good")
			if _, err := batch.Continue(context.Background(), w.dst, id); err != nil {
				w.t.Error(err)
			}
		})
		w.backfill(func(*batch.Conductor, string, func()) {})
		w.settled(func(string) bool { return true })
	case 11:
		w.note("backfill that is cancelled, and one after it")
		w.backfill(func(_ *batch.Conductor, id string, _ func()) {
			time.Sleep(w.moment())
			_, _ = batch.Cancel(context.Background(), w.dst, id, "model")
		})
		w.whole()
		w.backfill(func(*batch.Conductor, string, func()) {})
		w.settled(func(string) bool { return true })
	case 12:
		w.note("rerun")
		w.settled(w.rerun())
	case 13:
		w.note("second backfill publishes nothing but failures")
		w.backfill(func(*batch.Conductor, string, func()) {})
		w.settled(func(string) bool { return true })
		if c := w.backfill(func(*batch.Conductor, string, func()) {}); c.Totals().Done > 0 {
			w.t.Errorf("after %q: %+v", w.log, c.Totals())
		}
	}
	w.whole()
}

func (w *world) note(format string, args ...any) { w.log = append(w.log, fmt.Sprintf(format, args...)) }

// moment is some time in the course of a backfill.
func (w *world) moment() time.Duration { return time.Duration(w.rng.IntN(3000)) * time.Millisecond }

func (w *world) upload(key, kind string) {
	content := fmt.Sprintf("%s %d", kind, w.rng.IntN(1000))
	w.note("upload %s: %s", key, content)
	w.photos[key] = content
	if _, err := w.src.Write(context.Background(), key, []byte(content), store.WriteOptions{If: store.Any}); err != nil {
		w.t.Fatal(err)
	}
}

// backfill runs one to its end, with an operator beside it, and returns who conducted it.
func (w *world) backfill(operator func(c *batch.Conductor, id string, kill func())) *batch.Conductor {
	w.t.Helper()
	time.Sleep(time.Second) // ids tell batches apart by time
	b, _, err := batch.Begin(context.Background(), w.dst, batch.Batch{
		Kind: batch.Backfill, Fingerprint: w.recipe.Fingerprint(echo{}.Build()), Lane: queue.Backfill,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	hard, kill := context.WithCancel(context.Background())
	defer kill()
	q := jobs.New(jobs.Options{Slots: 2, Capacity: 2, Hard: hard})
	c := &batch.Conductor{Publisher: q, Dest: w.dst, Window: 2, Settled: q.Settled, Poll: time.Second}
	killed, ranges := false, w.rng.IntN(3)
	var beside sync.WaitGroup
	w.work(b, q, c.Settle, func(ctx context.Context) error {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		beside.Go(func() { operator(c, b.ID, func() { killed = true; kill(); stop() }) })
		decisions := batch.Reconcile(ctx, w.src, w.dst, b.Fingerprint, batch.Options{Body: worker.ManifestMetadata, Ranges: ranges})
		return c.Conduct(ctx, b, decisions)
	})
	beside.Wait()
	if !killed {
		if err := b.Finish(context.Background(), w.dst, batch.Finished, c.Totals()); err != nil {
			w.t.Errorf("after %q: %v", w.log, err)
		}
	}
	return c
}

// rerun publishes the latest failures, and returns which photos those are.
func (w *world) rerun() func(key string) bool {
	w.t.Helper()
	time.Sleep(time.Second)
	b, err := batch.Start(context.Background(), w.dst, batch.Batch{Kind: batch.Rerun, Lane: queue.Rerun})
	if err != nil {
		w.t.Fatal(err)
	}
	asked := make(map[string]bool)
	q := jobs.New(jobs.Options{Slots: 2, Capacity: 100})
	w.work(b, q, func(ledger.Outcome) {}, func(ctx context.Context) error {
		for o, err := range ledger.Latest(ctx, w.dst, ledger.Filter{Status: ledger.Failed}) {
			if err != nil {
				return err
			}
			asked[string(o.Key)] = true
			if err := q.Publish(ctx, queue.Rerun, queue.Job{Key: o.Key, Batch: b.ID}); err != nil {
				return err
			}
		}
		return q.Settled(ctx)
	})
	if err := b.Finish(context.Background(), w.dst, batch.Finished, batch.Totals{}); err != nil {
		w.t.Error(err)
	}
	return func(key string) bool { return asked[key] }
}

// work has a worker do what is published, until that has ended or is killed.
func (w *world) work(b *batch.Batch, q *jobs.Queue, settle func(ledger.Outcome), publish func(ctx context.Context) error) {
	w.t.Helper()
	writer, err := ledger.NewWriter(w.dst, b.ID, ledger.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, done := context.WithCancel(context.Background())
	defer done()
	do := worker.New(worker.Config{
		Source: w.src, Dest: slow{w.dst}, Imager: echo{}, Recipe: w.recipe, Slots: 2,
		Record: recorder{writer, settle}, Cancelled: batch.NewWatch(w.dst).Cancelled,
	})
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return do.Run(ctx, q) })
	g.Go(func() error {
		defer done()
		return publish(ctx)
	})
	err = g.Wait()
	if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, batch.ErrCancelled) {
		w.t.Errorf("after %q: %v", w.log, err)
	}
	if err := writer.Close(context.Background()); err != nil {
		w.t.Error(err)
	}
}

// recorder writes outcomes into the ledger and passes them on.
type recorder struct {
	*ledger.Writer
	settle func(ledger.Outcome)
}

func (r recorder) Record(ctx context.Context, o ledger.Outcome) error {
	if err := r.Writer.Record(ctx, o); err != nil {
		return err
	}
	r.settle(o)
	return nil
}

// settled lets the model publish the photos that have been asked for, and compares.
func (w *world) settled(asked func(key string) bool) {
	w.t.Helper()
	for key, content := range w.photos {
		if asked(key) && !strings.HasPrefix(content, "bad") {
			w.published[key] = publication{content, w.recipe.Variants.Widths[0]}
		}
	}
	for _, key := range modelKeys {
		content, there := w.photos[key]
		want, ok := w.published[key]
		if !there || !asked(key) || strings.HasPrefix(content, "bad") {
			continue // an orphan may be in the way of another photo, and then go
		}
		if got, err := w.read(key); !ok || err != nil || got != want {
			w.t.Fatalf("after %q: %s is published as %+v, %v; want %+v", w.log, key, got, err, want)
		}
	}
}

// whole makes sure that each manifest names what is there, whatever was killed.
func (w *world) whole() {
	w.t.Helper()
	for a := range w.dst.List(context.Background(), store.Range{Prefix: worker.ManifestPrefix}) {
		key := strings.TrimPrefix(a.Name, worker.ManifestPrefix)
		if _, err := w.read(key); err != nil {
			w.t.Fatalf("after %q: %s: %v", w.log, key, err)
		}
		if !slices.Contains(modelKeys, key) {
			w.t.Fatalf("after %q: nobody asked for %s", w.log, key)
		}
	}
}

// read returns what a photo is published as: the manifest's words are compared with the variant.
func (w *world) read(key string) (p publication, err error) {
	ctx := context.Background()
	m, _, err := worker.ReadManifest(ctx, w.dst, queue.Key(key))
	if err != nil {
		return p, err
	}
	if len(m.Variants) != 1 {
		return p, fmt.Errorf("it names %d variants", len(m.Variants))
	}
	data, _, err := w.dst.Read(ctx, string(m.Variants[0].Path), store.ReadOptions{Limit: 1 << 20})
	if err != nil {
		return p, err
	}
	content, width, ok := strings.Cut(string(data), " at ")
	if _, err := fmt.Sscan(width, &p.width); !ok || err != nil {
		return p, fmt.Errorf("its variant is %q", data)
	}
	p.content = content
	return p, nil
}

// TestModel holds backfills, whatever befalls them, to a model of two maps.
func TestModel(t *testing.T) {
	for seed := range uint64(25) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, seed)
				for range 25 {
					w.step()
				}
				if len(w.published) == 0 {
					t.Errorf("nothing was ever published after %q", w.log)
				}
			})
		})
	}
}
