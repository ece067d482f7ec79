package worker

import (
	"context"
	"sync"
	"testing"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

// counted counts what is asked of a store, and the bodies that come back.
type counted struct {
	store.Store
	mu                           sync.Mutex // variants are written side by side
	reads, bodies, stats, writes int
}

func (c *counted) Read(ctx context.Context, name string, opts store.ReadOptions) ([]byte, store.Attrs, error) {
	c.reads++
	data, a, err := c.Store.Read(ctx, name, opts)
	if data != nil {
		c.bodies++
	}
	return data, a, err
}

func (c *counted) Stat(ctx context.Context, name string) (store.Attrs, error) {
	c.stats++
	return c.Store.Stat(ctx, name)
}

func (c *counted) Write(ctx context.Context, name string, data []byte, opts store.WriteOptions) (store.Attrs, error) {
	c.mu.Lock()
	c.writes++
	c.mu.Unlock()
	return c.Store.Write(ctx, name, data, opts)
}

// TestJobsOfOtherGenerations delivers jobs about a photo that has been uploaded twice. Whatever
// they name, the newer bytes stay published, nothing is done twice, and nothing is fetched
// that is not needed.
func TestJobsOfOtherGenerations(t *testing.T) {
	const first, second = 1, 2 // the generation of which upload the job names; 0 for none
	for _, tt := range []struct {
		name      string
		lane      queue.Lane
		names     int
		published int // the upload whose bytes are published before
		status    ledger.Status
		reason    imaging.Reason
		bodies    int // of the photo
		reads     int // of the photo
	}{
		{"old upload, nothing published", queue.Upload, first, 0, ledger.Skipped, imaging.Superseded, 0, 1},
		{"old upload, the old published", queue.Upload, first, first, ledger.Skipped, imaging.Superseded, 0, 1},
		{"old upload, the new published", queue.Upload, first, second, ledger.Skipped, imaging.Superseded, 0, 1},
		{"new upload, nothing published", queue.Upload, second, 0, ledger.Done, "", 1, 1},
		{"new upload, the old published", queue.Upload, second, first, ledger.Done, "", 1, 1},
		{"new upload, twice", queue.Upload, second, second, ledger.Skipped, imaging.Fresh, 0, 1},
		{"upload without a generation", queue.Upload, 0, second, ledger.Skipped, imaging.Fresh, 0, 1},
		{"old backfill, nothing published", queue.Backfill, first, 0, ledger.Done, "", 1, 1},
		{"old backfill, the old published", queue.Backfill, first, first, ledger.Done, "", 1, 1},
		{"old backfill, the new published", queue.Backfill, first, second, ledger.Skipped, imaging.Fresh, 0, 1},
		{"rerun of the photo", queue.Rerun, 0, first, ledger.Done, "", 1, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			var generations [3]int64
			for upload, content := range []string{first: "one", second: "two"} {
				if upload == 0 {
					continue
				}
				b.put("a.jpg", content)
				generations[upload] = b.generation("a.jpg")
				if tt.published == upload {
					b.handle("a.jpg")
				}
			}
			source, dest := &counted{Store: b.Source}, &counted{Store: b.Dest}
			b.Source, b.Dest = source, dest
			job := queue.Job{Key: "a.jpg", Generation: generations[tt.names]}
			if d := b.Handle(t.Context(), queue.Delivery{Job: job, Lane: tt.lane, Attempt: 1}); d != queue.Ack {
				t.Fatalf("disposition %+v", d)
			}
			o := (*b.outcomes)[len(*b.outcomes)-1]
			if o.Status != tt.status || o.Reason != tt.reason {
				t.Errorf("ended as %s %s (%s), want %s %s", o.Status, o.Reason, o.Message, tt.status, tt.reason)
			}
			if source.bodies != tt.bodies || source.reads != tt.reads || source.stats != 0 || dest.reads != 1 || dest.stats != 0 {
				t.Errorf("the source was asked %+v, the destination %+v", source, dest)
			}
			if tt.status == ledger.Skipped && dest.writes != 0 {
				t.Errorf("%d writes for nothing", dest.writes)
			}
			if tt.status == ledger.Done {
				b.check("a.jpg", "two")
			}
		})
	}
}
