package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

// echo is an imager whose variants say what they were made from.
type echo struct {
	err   error
	calls int
	after func() // runs when the photo has been developed, before anything is written
	mu    sync.Mutex
}

func (e *echo) Build() imaging.Build { return imaging.Build{Version: "test", Libvips: "none"} }

func (e *echo) Process(_ context.Context, req imaging.Request) (imaging.Result, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls++
	if e.err != nil {
		return imaging.Result{}, e.err
	}
	if e.after != nil {
		e.after()
	}
	var r imaging.Result
	r.Source = imaging.Source{Format: imaging.JPEG, Width: 640, Height: 480, Bytes: int64(len(req.Source))}
	for _, width := range req.Variants.Widths {
		r.Variants = append(r.Variants, imaging.Variant{
			Name: fmt.Sprint(width), Format: imaging.WebP, Width: width, Height: width, Quality: 80,
			Chroma: imaging.Subsampled, Data: fmt.Appendf(nil, "%d of %s", width, req.Source),
		})
	}
	return r, nil
}

type outcomes []ledger.Outcome

func (o *outcomes) Record(_ context.Context, one ledger.Outcome) error {
	*o = append(*o, one)
	return nil
}

// bench is a worker between two folders.
type bench struct {
	*Worker
	t        *testing.T
	src      string
	imager   *echo
	outcomes *outcomes
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, src: t.TempDir(), imager: &echo{}, outcomes: &outcomes{}}
	source, err := store.OpenDirectory(b.src, store.Foreign())
	if err != nil {
		t.Fatal(err)
	}
	dest, err := store.OpenDirectory(t.TempDir(), store.Writable())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { source.Close(); dest.Close() })
	r, _ := imaging.Builtin("catalogue")
	r.Variants.Widths = []int{100, 200, 300}
	b.Worker = New(Config{Source: source, Dest: dest, Imager: b.imager, Recipe: r, Record: b.outcomes})
	return b
}

func (b *bench) put(key, content string) {
	b.t.Helper()
	path := filepath.Join(b.src, key)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) generation(key string) int64 {
	b.t.Helper()
	attrs, err := b.Source.Stat(b.t.Context(), key)
	if err != nil {
		b.t.Fatal(err)
	}
	return attrs.Generation
}

// handle delivers a key and returns the outcome, if there was one.
func (b *bench) handle(key queue.Key) (o ledger.Outcome, d queue.Disposition) {
	b.t.Helper()
	return b.handleWithin(b.t.Context(), key)
}

func (b *bench) handleWithin(ctx context.Context, key queue.Key) (o ledger.Outcome, d queue.Disposition) {
	b.t.Helper()
	before := len(*b.outcomes)
	d = b.Handle(ctx, queue.Delivery{Job: queue.Job{Key: key, Batch: "b"}, Lane: queue.Backfill, Attempt: 1})
	if got := *b.outcomes; len(got) > before {
		o = got[len(got)-1]
	}
	return o, d
}

// check asserts that the photo is published whole, from the given content.
func (b *bench) check(key queue.Key, content string) {
	b.t.Helper()
	m, _, err := ReadManifest(b.t.Context(), b.Dest, key)
	if err != nil {
		b.t.Fatalf("manifest: %v", err)
	}
	if m.Generation != b.generation(string(key)) || len(m.Variants) != 3 {
		b.t.Errorf("manifest is of generation %d with %d variants", m.Generation, len(m.Variants))
	}
	b.checkVariants(m, content)
}

func (b *bench) checkVariants(m Manifest, content string) {
	b.t.Helper()
	for _, v := range m.Variants {
		data, attrs, err := b.Dest.Read(b.t.Context(), string(v.Path), store.ReadOptions{Limit: 1 << 20})
		if err != nil {
			b.t.Fatalf("variant: %v", err)
		}
		if want := v.Name + " of " + content; string(data) != want || int64(len(data)) != v.Bytes {
			b.t.Errorf("%s holds %q, want %q", v.Path, data, want)
		}
		if attrs.Generation != v.Generation {
			b.t.Errorf("%s is at generation %d, the manifest says %d", v.Path, attrs.Generation, v.Generation)
		}
	}
}

func TestPhotoIsPublished(t *testing.T) {
	for _, key := range []queue.Key{"a.jpg", "shoes/red one.jpg", "new\nline.jpg", "latin\xe9.jpg", "noextension\\x"} {
		t.Run(fmt.Sprintf("%q", string(key)), func(t *testing.T) {
			b := newBench(t)
			content := "\xff\xd8\xff one"
			b.put(string(key), content)
			o, d := b.handle(key)
			if d != queue.Ack || o.Status != ledger.Done || o.Key != key || o.Batch != "b" {
				t.Fatalf("outcome %+v, disposition %+v", o, d)
			}
			if got := o.Written[imaging.WebP]; got.Variants != 3 || got.Bytes == 0 || o.SourceBytes != int64(len(content)) {
				t.Errorf("outcome counts %+v of %d bytes", got, o.SourceBytes)
			}
			b.check(key, content)
		})
	}
}

func TestWorkIsNotDoneTwice(t *testing.T) {
	b := newBench(t)
	b.put("a.jpg", "one")
	b.handle("a.jpg")

	if o, _ := b.handle("a.jpg"); o.Reason != imaging.Fresh || b.imager.calls != 1 {
		t.Errorf("second delivery: %s %s after %d calls of the imager", o.Status, o.Reason, b.imager.calls)
	}

	b.put("a.jpg", "one") // uploaded again, unchanged
	if o, _ := b.handle("a.jpg"); o.Reason != imaging.Fresh || b.imager.calls != 1 {
		t.Errorf("same bytes: %s %s after %d calls of the imager", o.Status, o.Reason, b.imager.calls)
	}
	b.check("a.jpg", "one")

	b.put("a.jpg", "two")
	if o, _ := b.handle("a.jpg"); o.Status != ledger.Done {
		t.Errorf("changed photo: %s %s", o.Status, o.Reason)
	}
	b.check("a.jpg", "two")

	b.Recipe.Enhance.Sharpen = 1
	b.Worker = New(b.Config)
	if o, _ := b.handle("a.jpg"); o.Status != ledger.Done {
		t.Errorf("changed recipe: %s %s", o.Status, o.Reason)
	}

	b.Force = true
	if o, _ := b.handle("a.jpg"); o.Status != ledger.Done {
		t.Errorf("forced: %s %s", o.Status, o.Reason)
	}
	b.check("a.jpg", "two")
}

func TestWhatIsNoPhoto(t *testing.T) {
	b := newBench(t)
	b.recipes.own.Limits.Bytes = 100
	b.put("notes.txt", "hello")
	b.put("film.mov", strings.Repeat("x", 101))
	b.put("big.jpg", strings.Repeat("x", 101))
	if err := os.Symlink("/etc/hostname", filepath.Join(b.src, "out.jpg")); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[queue.Key]imaging.Reason{
		"notes.txt": imaging.NotAPhoto,
		"film.mov":  imaging.NotAPhoto,
		"big.jpg":   imaging.TooLarge,
		"out.jpg":   imaging.Link,
		"gone.jpg":  imaging.NotFound,
	} {
		o, d := b.handle(key)
		if o.Reason != want || d != queue.Ack {
			t.Errorf("%s: reason %q, want %q", key, o.Reason, want)
		}
		if o.Message == "" {
			t.Errorf("%s: no message", key)
		}
	}
	if b.imager.calls != 0 {
		t.Errorf("the imager was asked %d times", b.imager.calls)
	}
}

func TestFailureLeavesWhatWasPublished(t *testing.T) {
	b := newBench(t)
	b.put("a.jpg", "good")
	b.handle("a.jpg")
	was, _, err := ReadManifest(t.Context(), b.Dest, "a.jpg")
	if err != nil {
		t.Fatal(err)
	}
	b.put("a.jpg", "bad")
	b.imager.err = fmt.Errorf("%w: marker 0xff", imaging.ErrCorrupt)
	if o, _ := b.handle("a.jpg"); o.Reason != imaging.Corrupt || !strings.Contains(o.Message, "marker 0xff") {
		t.Errorf("outcome %+v", o)
	}
	b.checkVariants(was, "good")
}

// dying is a store whose process dies at the nth write: before it happens or right after.
type dying struct {
	store.Store
	die   context.CancelFunc
	mu    sync.Mutex
	left  int
	after bool
}

func (d *dying) Write(ctx context.Context, name string, data []byte, opts store.WriteOptions) (store.Attrs, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left--
	if d.left == 0 && !d.after {
		d.die()
	}
	if d.left < 0 || ctx.Err() != nil {
		return store.Attrs{}, context.Canceled
	}
	attrs, err := d.Store.Write(ctx, name, data, opts)
	if d.left == 0 {
		d.die()
	}
	return attrs, err
}

func TestDeathAtEveryWrite(t *testing.T) {
	for _, after := range []bool{false, true} {
		for n := 1; n <= 4; n++ {
			t.Run(fmt.Sprintf("write %d, after it %v", n, after), func(t *testing.T) {
				b := newBench(t)
				b.put("a.jpg", "old")
				b.handle("a.jpg")
				b.put("a.jpg", "new")

				real := b.Dest
				ctx, die := context.WithCancel(t.Context())
				defer die()
				b.Dest = &dying{Store: real, die: die, left: n, after: after}
				if o, d := b.handleWithin(ctx, "a.jpg"); o.Status != "" || d == queue.Ack {
					t.Fatalf("a dead worker settled the job: %+v", o)
				}
				b.Dest = real
				if o, _ := b.handle("a.jpg"); o.Status != ledger.Done && o.Reason != imaging.Fresh {
					t.Fatalf("after the restart: %s %s %s", o.Status, o.Reason, o.Message)
				}
				b.check("a.jpg", "new")
			})
		}
	}
}

func TestNewerGenerationWins(t *testing.T) {
	b := newBench(t)
	b.put("a.jpg", "old")
	slow := New(b.Config)
	slow.Imager = &echo{after: func() {
		// While the slow worker holds the old photo, a new one comes in and is published.
		b.put("a.jpg", "new")
		if o, _ := b.handle("a.jpg"); o.Status != ledger.Done {
			t.Errorf("the new photo: %s %s", o.Status, o.Message)
		}
	}}
	slow.Handle(t.Context(), queue.Delivery{Job: queue.Job{Key: "a.jpg"}, Attempt: 1})
	last := (*b.outcomes)[len(*b.outcomes)-1]
	if last.Reason != imaging.Superseded {
		t.Errorf("the late worker's outcome: %s %s", last.Status, last.Reason)
	}
	b.check("a.jpg", "new")
}

func TestOlderLeftoversAreOverwritten(t *testing.T) {
	// A worker that died over an older generation has left variants that no manifest names.
	b := newBench(t)
	b.put("a.jpg", "new")
	for _, width := range b.Recipe.Variants.Widths {
		name := fmt.Sprintf("variants/a.jpg/%d.webp", width)
		if _, err := b.Dest.Write(t.Context(), name, []byte("left over"), store.WriteOptions{If: store.Any, Metadata: origin(1, "f")}); err != nil {
			t.Fatal(err)
		}
	}
	b.handle("a.jpg")
	b.check("a.jpg", "new")
}

func TestBrokenManifestIsReplaced(t *testing.T) {
	for name, body := range map[string][]byte{
		"empty":        nil,
		"cut short":    []byte(`{"version":1,"key":"a.j`),
		"of another":   []byte(`{"version":1,"key":"b.jpg"}`),
		"from tomorow": []byte(`{"version":2,"key":"a.jpg"}`),
		"huge":         bytes.Repeat([]byte(" "), manifestLimit+1),
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.put("a.jpg", "one")
			if _, err := b.Dest.Write(t.Context(), "manifests/a.jpg", body, store.WriteOptions{If: store.Any}); err != nil {
				t.Fatal(err)
			}
			if o, _ := b.handle("a.jpg"); o.Status != ledger.Done {
				t.Errorf("outcome: %s %s", o.Status, o.Message)
			}
			b.check("a.jpg", "one")
		})
	}
}

// refusing is a destination that takes nothing.
type refusing struct {
	store.Store
	err error
}

func (r refusing) Write(context.Context, string, []byte, store.WriteOptions) (store.Attrs, error) {
	return store.Attrs{}, r.err
}

// stubborn hands out one delivery for ever, as a queue does with a job that is never acked.
type stubborn struct{ returned int }

func (o *stubborn) Receive(ctx context.Context, handle queue.Handler) error {
	for ctx.Err() == nil && o.returned < 100 {
		if handle(context.WithoutCancel(ctx), queue.Delivery{Job: queue.Job{Key: "a.jpg"}, Attempt: 1}) != queue.Ack {
			o.returned++
		}
	}
	return nil
}

func TestFullDestinationHalts(t *testing.T) {
	for _, fact := range []error{store.ErrFull, store.ErrDenied} {
		t.Run(fact.Error(), func(t *testing.T) {
			b := newBench(t)
			b.put("a.jpg", "one")
			b.Dest = refusing{b.Dest, fact}
			sub := &stubborn{}
			err := b.Run(t.Context(), sub)
			if !errors.Is(err, ErrHalted) || !errors.Is(err, fact) {
				t.Errorf("Run = %v", err)
			}
			b.Dest = b.Dest.(refusing).Store
			b.Config.Record = deaf{fact}
			if err := New(b.Config).Run(t.Context(), &stubborn{}); !errors.Is(err, ErrHalted) {
				t.Errorf("with a ledger that cannot be written, Run = %v", err)
			}
			if sub.returned != 1 || len(*b.outcomes) != 0 {
				t.Errorf("the job came back %d times with %d outcomes", sub.returned, len(*b.outcomes))
			}
		})
	}
}

// deaf records nothing.
type deaf struct{ err error }

func (d deaf) Record(context.Context, ledger.Outcome) error { return d.err }

func TestUnrecordedOutcomeIsNotAcked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.put("a.jpg", "one")
		b.Config.Record = deaf{store.ErrUnavailable}
		b.Worker = New(b.Config)
		lease, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		if _, d := b.handleWithin(lease, "a.jpg"); d == queue.Ack {
			t.Error("acked without a record")
		}
		if lease.Err() == nil {
			t.Error("handed back while it might still be recorded")
		}
	})
}

func TestHardStopLeavesNoOutcome(t *testing.T) {
	b := newBench(t)
	b.put("a.jpg", "one")
	ctx, cancel := context.WithCancel(t.Context())
	b.imager.after = cancel
	b.imager.err = nil
	d := b.Handle(ctx, queue.Delivery{Job: queue.Job{Key: "a.jpg"}, Attempt: 1})
	if d == queue.Ack || len(*b.outcomes) != 0 {
		t.Errorf("disposition %+v with %d outcomes", d, len(*b.outcomes))
	}
}

func TestLinksInTheDestinationAreReplaced(t *testing.T) {
	for _, place := range []string{"manifests/a.jpg", "variants/a.jpg/100.webp"} {
		for _, to := range []string{"secret", "nothing", "folder", "inside"} {
			t.Run(place+" to "+to, func(t *testing.T) {
				b := newBench(t)
				b.put("a.jpg", "one")
				outside := t.TempDir()
				target := filepath.Join(outside, to)
				if to == "inside" {
					target = filepath.Join(b.Dest.String(), "manifests/b.jpg")
				}
				link := filepath.Join(b.Dest.String(), place)
				err := errors.Join(
					os.Mkdir(filepath.Join(outside, "folder"), 0o777),
					os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o666),
					os.MkdirAll(filepath.Dir(link), 0o777),
					os.MkdirAll(filepath.Join(b.Dest.String(), "manifests"), 0o777),
					os.WriteFile(filepath.Join(b.Dest.String(), "manifests/b.jpg"), []byte("secret"), 0o666),
					os.Symlink(target, link),
				)
				if err != nil {
					t.Fatal(err)
				}
				if o, _ := b.handle("a.jpg"); o.Status != ledger.Done {
					t.Errorf("outcome: %s %s %s", o.Status, o.Reason, o.Message)
				}
				b.check("a.jpg", "one")
				if info, err := os.Lstat(link); err != nil || !info.Mode().IsRegular() {
					t.Errorf("in the link's place: %v, %v", info, err)
				}
				for _, path := range []string{filepath.Join(outside, "secret"), filepath.Join(b.Dest.String(), "manifests/b.jpg")} {
					if data, err := os.ReadFile(path); err != nil || string(data) != "secret" {
						t.Errorf("%s became %q, %v", path, data, err)
					}
				}
			})
		}
	}
}

func (b *bench) remove(key string) {
	b.t.Helper()
	if err := os.RemoveAll(filepath.Join(b.src, key)); err != nil {
		b.t.Fatal(err)
	}
}

func TestPhotoBecomesAFolderAndBack(t *testing.T) {
	for _, below := range []queue.Key{"a.jpg/b.jpg", "a.jpg/c/d.jpg", "a.jpg/100.webp"} {
		t.Run(string(below), func(t *testing.T) {
			b := newBench(t)
			b.put("a.jpg", "file")
			b.handle("a.jpg")
			b.remove("a.jpg")
			b.put(string(below), "below")
			if o, _ := b.handle(below); o.Status != ledger.Done {
				t.Fatalf("in the folder: %s %s", o.Reason, o.Message)
			}
			b.check(below, "below")
			for a, err := range b.Dest.List(t.Context(), store.Range{}) {
				if err != nil || !strings.Contains(a.Name, string(below)+"/") && a.Name != ManifestName(below) {
					t.Errorf("left behind: %s, %v", a.Name, err)
				}
			}
		})
	}
	t.Run("back", func(t *testing.T) {
		b := newBench(t)
		for _, key := range []queue.Key{"a.jpg/b.jpg", "a.jpg/c/d.jpg", "z.jpg"} {
			b.put(string(key), "below")
			b.handle(key)
		}
		b.remove("a.jpg")
		b.put("a.jpg", "file")
		if o, _ := b.handle("a.jpg"); o.Status != ledger.Done {
			t.Fatalf("the file: %s %s", o.Reason, o.Message)
		}
		b.check("a.jpg", "file")
		b.check("z.jpg", "below")
	})
}

// A source that is no folder can hold both, of which a destination that is one holds either.
func TestPhotosThatAreThereDoNotMakeWay(t *testing.T) {
	b := newBench(t)
	b.put("a.jpg", "file")
	b.handle("a.jpg")
	b.remove("a.jpg")
	b.put("a.jpg/b.jpg", "below")
	b.Source = both{b.Source}
	o, _ := b.handle("a.jpg/b.jpg")
	if o.Reason != imaging.Unsupported || !strings.Contains(o.Message, "manifests/a.jpg") || !strings.Contains(o.Message, "rename") {
		t.Errorf("outcome: %s %s", o.Reason, o.Message)
	}
	m, _, err := ReadManifest(t.Context(), b.Dest, "a.jpg")
	if err != nil {
		t.Fatal(err)
	}
	b.checkVariants(m, "file")
}

// both says that a.jpg is still there.
type both struct{ store.Store }

func (s both) Stat(ctx context.Context, name string) (store.Attrs, error) {
	if name == "a.jpg" {
		return store.Attrs{Name: name, Generation: 1}, nil
	}
	return s.Store.Stat(ctx, name)
}
