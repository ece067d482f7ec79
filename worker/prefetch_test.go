package worker

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/store"
	"burnish/worker/store/storetest"
)

// busy is an imager of one slot that takes its time: as long as nobody says that it is through.
type busy struct {
	echo
	through chan struct{}
	fetched atomic.Int32 // photos whose bodies have been read so far
}

func (b *busy) Process(ctx context.Context, req imaging.Request) (imaging.Result, error) {
	<-b.through
	return b.echo.Process(ctx, req)
}

// counting tells a busy imager of each body that is read.
type counting struct {
	store.Store
	*busy
}

func (c counting) Read(ctx context.Context, name string, opts store.ReadOptions) ([]byte, store.Attrs, error) {
	data, a, err := c.Store.Read(ctx, name, opts)
	if err == nil {
		c.fetched.Add(1)
	}
	return data, a, err
}

// newBusy returns a worker whose photos have the given sizes, and the function that delivers
// one of them. The share of each lane is a hundred bytes.
func newBusy(t *testing.T, sizes ...int) (b *busy, deliver func(ctx context.Context, lane queue.Lane, i int) queue.Disposition) {
	t.Helper()
	b = &busy{through: make(chan struct{})}
	source := counting{storetest.NewMemory(), b}
	for i, size := range sizes {
		if _, err := source.Write(t.Context(), fmt.Sprintf("%d.jpg", i), []byte(strings.Repeat("x", size)), store.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	r, _ := imaging.Builtin("catalogue")
	w := New(Config{Source: source, Dest: storetest.NewMemory(), Imager: b, Recipe: r, Record: deaf{}, Slots: 1, Prefetch: 300})
	return b, func(ctx context.Context, lane queue.Lane, i int) queue.Disposition {
		return w.Handle(ctx, queue.Delivery{Job: queue.Job{Key: queue.Key(fmt.Sprintf("%d.jpg", i))}, Lane: lane, Attempt: 1})
	}
}

// wantFetched waits until nothing moves any more.
func (b *busy) wantFetched(t *testing.T, want int32) {
	t.Helper()
	synctest.Wait()
	if got := b.fetched.Load(); got != want {
		t.Errorf("%d photos have been fetched, want %d", got, want)
	}
}

func TestPrefetchIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, deliver := newBusy(t, 40, 40, 40, 40, 40)
		for i := range 5 {
			go deliver(t.Context(), queue.Backfill, i)
		}
		for _, want := range []int32{3, 4, 5, 5, 5} { // one that is worked on, two that wait
			b.wantFetched(t, want)
			b.through <- struct{}{}
		}
		synctest.Wait()
	})
}

func TestHugePhotoGetsInAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, deliver := newBusy(t, 10, 10, 1000, 10)
		for i := range 4 {
			go deliver(t.Context(), queue.Backfill, i)
			synctest.Wait() // in this order
		}
		for _, want := range []int32{2, 3, 4, 4} { // the last waits its turn behind the huge one
			b.wantFetched(t, want)
			b.through <- struct{}{}
		}
		synctest.Wait()
	})
}

func TestLanesDoNotWaitForEachOthersRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, deliver := newBusy(t, 80, 80, 80, 80)
		for i := range 3 {
			go deliver(t.Context(), queue.Backfill, i)
			synctest.Wait()
		}
		b.wantFetched(t, 2)
		go deliver(t.Context(), queue.Upload, 3)
		b.wantFetched(t, 3)
		close(b.through)
		synctest.Wait()
	})
}

func TestStopEndsTheWaitForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, deliver := newBusy(t, 80, 80, 80, 80)
		for i := range 2 {
			go deliver(t.Context(), queue.Backfill, i)
			synctest.Wait()
		}
		ctx, stop := context.WithCancel(t.Context())
		stopped := make(chan queue.Disposition)
		go func() { stopped <- deliver(ctx, queue.Backfill, 2) }()
		synctest.Wait()
		stop()
		if <-stopped == queue.Ack {
			t.Error("a photo that was never fetched is acked")
		}
		go deliver(t.Context(), queue.Backfill, 3)
		b.wantFetched(t, 2)
		close(b.through)
		b.wantFetched(t, 3)
	})
}
