package worker

import (
	"context"
	"strings"
	"testing"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

// mortal is a destination whose worker dies when it is about to write a manifest.
type mortal struct {
	store.Store
	die context.CancelFunc
}

func (m mortal) Write(ctx context.Context, name string, data []byte, opts store.WriteOptions) (store.Attrs, error) {
	if strings.HasPrefix(name, ManifestPrefix) {
		m.die()
		return store.Attrs{}, ctx.Err()
	}
	return m.Store.Write(ctx, name, data, opts)
}

// dies delivers a job to a worker that dies after it has written the variants.
func (b *bench) dies(d queue.Delivery) {
	b.t.Helper()
	ctx, die := context.WithCancel(b.t.Context())
	defer die()
	c := b.Config
	c.Dest = mortal{b.Dest, die}
	if got := New(c).Handle(ctx, d); got == queue.Ack {
		b.t.Fatal("the job of a worker that died is acked")
	}
}

func (b *bench) upload(content string) queue.Delivery {
	b.t.Helper()
	b.put("a.jpg", content)
	return queue.Delivery{Job: queue.Job{Key: "a.jpg", Generation: b.generation("a.jpg")}, Lane: queue.Upload, Attempt: 1}
}

func (b *bench) deliver(d queue.Delivery) {
	b.t.Helper()
	if got := b.Handle(b.t.Context(), d); got != queue.Ack {
		b.t.Fatalf("disposition %+v of %+v", got, d)
	}
}

// A photo is changed, its worker dies, and it is changed back: the manifest is that of the same
// bytes, but its variants are not.
func TestChangedBackAfterADeath(t *testing.T) {
	b := newBench(t)
	b.deliver(b.upload("one"))
	b.dies(b.upload("two"))
	b.deliver(b.upload("one"))
	b.check("a.jpg", "one")
}

// A photo is changed and changed back while a worker is busy with what it was in between. The
// renewed manifest names variants that this worker then overwrites: it mends that itself, or
// when it dies, the next one to have its job does.
func TestChangedBackBeforeALateWorker(t *testing.T) {
	for name, dies := range map[string]bool{"goes on": false, "dies": true} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.deliver(b.upload("one"))
			job := b.upload("two")
			b.imager.after = func() {
				b.imager.after = nil
				b.deliver(b.upload("one"))
			}
			if dies {
				b.dies(job)
				job.Attempt = 2
			}
			b.deliver(job)
			b.check("a.jpg", "one")
			if o := (*b.outcomes)[len(*b.outcomes)-1]; o.Status != ledger.Done {
				t.Errorf("the job ended as %s %s", o.Status, o.Reason)
			}
		})
	}
}

// A worker that is late without having done harm only makes way.
func TestLateWithoutHarm(t *testing.T) {
	b := newBench(t)
	b.deliver(b.upload("one"))
	job := b.upload("two")
	b.imager.after = func() {
		b.imager.after = nil
		b.put("a.jpg", "three") // whose job is still to come
	}
	b.deliver(job)
	if o := (*b.outcomes)[len(*b.outcomes)-1]; o.Status != ledger.Done {
		t.Errorf("with nothing newer published, it ended as %s %s", o.Status, o.Reason)
	}
	b.imager.after = func() {
		b.imager.after = nil
		b.imager.mu.Unlock() // the other one needs the imager, too
		b.deliver(b.upload("five"))
		b.imager.mu.Lock()
	}
	b.deliver(b.upload("four"))
	if o := (*b.outcomes)[len(*b.outcomes)-1]; o.Reason != imaging.Superseded {
		t.Errorf("with something newer published, it ended as %s %s", o.Status, o.Reason)
	}
	b.check("a.jpg", "five")
}
