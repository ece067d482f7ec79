package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

// silent is a source that does not answer for a while.
type silent struct {
	store.Store
	until time.Time
	asked int
}

func (s *silent) Read(ctx context.Context, name string, opts store.ReadOptions) ([]byte, store.Attrs, error) {
	s.asked++
	if time.Now().Before(s.until) {
		return nil, store.Attrs{}, fmt.Errorf("%s: %w", name, store.ErrUnavailable)
	}
	return s.Store.Read(ctx, name, opts)
}

func TestOutage(t *testing.T) {
	for _, tt := range []struct {
		name   string
		lasts  time.Duration
		outage time.Duration // that is waited out
		reason imaging.Reason
	}{
		{"shorter than is waited for", 10 * time.Minute, 15 * time.Minute, ""},
		{"longer", time.Hour, 15 * time.Minute, imaging.Unavailable},
		{"not waited for", 10 * time.Minute, 0, imaging.Unavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.put("a.jpg", "one")
				b.Source = &silent{Store: b.Source, until: time.Now().Add(tt.lasts)}
				b.Outage = tt.outage
				begin := time.Now()
				o, d := b.handle("a.jpg")
				if d != queue.Ack || o.Reason != tt.reason {
					t.Errorf("got %s %q (%s), %+v", o.Status, o.Reason, o.Message, d)
				}
				if took := time.Since(begin); took > tt.outage+5*30*time.Second {
					t.Errorf("settled after %v", took)
				}
			})
		})
	}
}

// TestOutageOfOnePhoto has other photos done meanwhile, so that the trouble is the photo's own.
func TestOutageOfOnePhoto(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.put("a.jpg", "one")
		source := &silent{Store: b.Source, until: time.Now().Add(time.Hour)}
		b.Source, b.Outage = source, 15*time.Minute
		ctx, stop := context.WithCancel(t.Context())
		var others sync.WaitGroup
		others.Go(func() {
			for ctx.Err() == nil {
				b.done.Add(1)
				time.Sleep(10 * time.Millisecond)
			}
		})
		o, _ := b.handle("a.jpg")
		stop()
		others.Wait()
		if o.Reason != imaging.Unavailable || source.asked > 2*b.Attempts {
			t.Errorf("got %s %s after %d tries", o.Status, o.Reason, source.asked)
		}
	})
}

func TestSoftStopEndsTheWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.put("a.jpg", "one")
		b.Source, b.Outage = &silent{Store: b.Source, until: time.Now().Add(time.Hour)}, time.Hour
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		begin := time.Now()
		q := &solo{Delivery: queue.Delivery{Job: queue.Job{Key: "a.jpg"}, Attempt: 1}}
		if err := b.Run(ctx, q); err != nil {
			t.Error(err)
		}
		if _, back := q.got.Retry(); !back || time.Since(begin) != time.Minute || len(*b.outcomes) > 0 {
			t.Errorf("after %v: %+v, with outcomes %v", time.Since(begin), q.got, *b.outcomes)
		}
	})
}

// solo delivers one job and lets its handler go on after the stop.
type solo struct {
	queue.Delivery
	got queue.Disposition
}

func (o *solo) Receive(ctx context.Context, handle queue.Handler) error {
	o.got = handle(context.WithoutCancel(ctx), o.Delivery)
	return nil
}

func TestCrashIsTriedOnceMore(t *testing.T) {
	for _, crash := range []error{imaging.ErrCrashed, imaging.ErrTimeout} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			b.put("a.jpg", "one")
			b.imager.err = fmt.Errorf("signal: %w", crash)
			o, d := b.handle("a.jpg")
			if b.imager.calls != 2 || d != queue.Ack || o.Status != ledger.Failed || o.Attempt != 2 {
				t.Errorf("%v: %d calls, then %s %s at attempt %d", crash, b.imager.calls, o.Status, o.Reason, o.Attempt)
			}
		})
	}
}

func TestMalformedBatch(t *testing.T) {
	b := newBench(t)
	b.put("a.jpg", "one")
	d := b.Handle(t.Context(), queue.Delivery{Job: queue.Job{Key: "a.jpg", Batch: "../../variants"}, Attempt: 1})
	o := (*b.outcomes)[0]
	if d != queue.Ack || o.Reason != imaging.Malformed || o.Batch != "" || b.imager.calls > 0 {
		t.Errorf("got %+v, %+v after %d calls", d, o, b.imager.calls)
	}
}

// order is an imager that notes the order in which photos come, one at a time.
type order struct {
	echo
	began chan struct{}
	gate  chan struct{} // each photo waits for it
	got   []string
}

func (o *order) Process(ctx context.Context, req imaging.Request) (imaging.Result, error) {
	o.got = append(o.got, string(req.Source))
	o.began <- struct{}{}
	<-o.gate
	return o.echo.Process(ctx, req)
}

func TestUrgentLanesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		imager := &order{began: make(chan struct{}, 9), gate: make(chan struct{})}
		b.Config.Imager, b.Config.Slots = imager, 1
		b.Worker = New(b.Config)
		b.Record = discard{}
		for i, lane := range []queue.Lane{queue.Backfill, queue.Backfill, queue.Rerun, queue.Upload} {
			key := fmt.Sprintf("%d-%s.jpg", i, lane)
			b.put(key, key)
			go b.Handle(t.Context(), queue.Delivery{Job: queue.Job{Key: queue.Key(key)}, Lane: lane, Attempt: 1})
			synctest.Wait() // the first is with the imager, the others before the gate
		}
		for range 4 {
			imager.gate <- struct{}{}
			synctest.Wait()
		}
		want := []string{"0-backfill.jpg", "3-upload.jpg", "2-rerun.jpg", "1-backfill.jpg"}
		if fmt.Sprint(imager.got) != fmt.Sprint(want) {
			t.Errorf("the imager got %v, want %v", imager.got, want)
		}
	})
}

type discard struct{}

func (discard) Record(context.Context, ledger.Outcome) error { return nil }

// flaky fails to record a few times.
type flaky struct {
	outcomes
	left int
}

func (f *flaky) Record(ctx context.Context, o ledger.Outcome) error {
	if f.left--; f.left >= 0 {
		return errors.New("no answer")
	}
	return f.outcomes.Record(ctx, o)
}

// TestOutcomeIsRecordedInTheEnd also holds the outcome to what was done: had the photo been
// handed back, the next worker would have found it published already.
func TestOutcomeIsRecordedInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.put("a.jpg", "one")
		f := &flaky{left: 7}
		b.Config.Record = f
		b.Worker = New(b.Config)
		if _, d := b.handle("a.jpg"); d != queue.Ack || len(f.outcomes) != 1 || f.outcomes[0].Status != ledger.Done {
			t.Errorf("got %+v with %+v", d, f.outcomes)
		}
	})
}
