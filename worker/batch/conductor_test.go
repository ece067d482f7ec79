package batch_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/batch"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

// fleet is a queue whose jobs end some time after they are published, with their outcomes in the
// ledger, and what came to it.
type fleet struct {
	st    *memory
	takes time.Duration
	ends  func(queue.Job) ledger.Outcome // nil: done
	twice bool                           // every job is delivered twice
	loses queue.Key                      // whose outcome never comes

	mu      sync.Mutex
	jobs    map[queue.Lane][]queue.Job
	flying  int
	most    int // that were in flight at once
	running sync.WaitGroup
}

func newFleet(st *memory) *fleet {
	return &fleet{st: st, takes: 20 * time.Second, jobs: make(map[queue.Lane][]queue.Job)}
}

func (f *fleet) Publish(ctx context.Context, lane queue.Lane, jobs ...queue.Job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.jobs[lane] = append(f.jobs[lane], jobs...)
	f.flying += len(jobs)
	f.most = max(f.most, f.flying)
	f.running.Go(func() {
		time.Sleep(f.takes)
		f.record(jobs)
		if f.twice {
			f.record(jobs)
		}
	})
	return nil
}

// record writes a segment as a recorder does.
func (f *fleet) record(jobs []queue.Job) {
	w, err := ledger.NewWriter(f.st, jobs[0].Batch, ledger.Options{})
	if err != nil {
		panic(err)
	}
	for _, job := range jobs {
		if job.Key == f.loses {
			continue
		}
		o := ledger.Outcome{Status: ledger.Done}
		if f.ends != nil {
			o = f.ends(job)
		}
		o.Batch, o.Key, o.Generation, o.Ended = job.Batch, job.Key, job.Generation, time.Now()
		if err := w.Record(context.Background(), o); err != nil {
			panic(err)
		}
	}
	f.mu.Lock()
	f.flying -= len(jobs)
	f.mu.Unlock()
	if err := w.Close(context.Background()); err != nil {
		panic(err)
	}
}

func (f *fleet) published(lane queue.Lane) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.jobs[lane])
}

// wanting yields decisions about n photos that are missing, and a fresh one after each.
func wanting(n int) iter.Seq2[batch.Decision, error] {
	return func(yield func(batch.Decision, error) bool) {
		for i := range n {
			key := queue.Key(fmt.Sprintf("%06d", i))
			if !yield(batch.Decision{Key: key, State: batch.Missing, Generation: 1}, nil) ||
				!yield(batch.Decision{Key: key + "-fresh", State: batch.Fresh, Generation: 1}, nil) {
				return
			}
		}
	}
}

// conducting is a conductor at work on a batch of a bucket.
type conducting struct {
	*batch.Conductor
	st    *memory
	fleet *fleet
	batch *batch.Batch
	told  []string
	ended chan error
}

func conduct(t *testing.T, b batch.Batch, photos int, set func(*conducting)) *conducting {
	t.Helper()
	c := &conducting{st: newMemory(), ended: make(chan error, 1)}
	c.fleet = newFleet(c.st)
	b.Kind = batch.Backfill
	c.batch = start(t, c.st, b)
	c.Conductor = &batch.Conductor{
		Publisher: c.fleet, Dest: c.st, Follow: true,
		Tell: func(paused string) { c.told = append(c.told, paused) },
	}
	if set != nil {
		set(c)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { c.ended <- c.Conduct(ctx, c.batch, wanting(photos)) }()
	t.Cleanup(func() { cancel(); c.fleet.running.Wait() })
	return c
}

// end waits for the end, which has to come within a time.
func (c *conducting) end(t *testing.T, within time.Duration) error {
	t.Helper()
	select {
	case err := <-c.ended:
		return err
	case <-time.After(within):
		t.Fatalf("no end within %v: %+v", within, c.Totals())
		return nil
	}
}

// TestSilence gives a batch up when an outcome is lost for good, and not for a pause or a slow photo.
func TestSilence(t *testing.T) {
	const lost = "000007"
	for _, tt := range []struct {
		name   string
		takes  time.Duration
		loses  bool
		window int
		pause  time.Duration
		want   error
	}{
		{"an outcome is lost", 20 * time.Second, true, 0, 0, batch.ErrSilent},
		{"before all is published", 20 * time.Second, true, 1, 0, batch.ErrSilent},
		{"photos take long", 50 * time.Minute, false, 5, 0, nil},
		{"a pause without a fleet", 7*time.Hour + 10*time.Minute, false, 0, 7 * time.Hour, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := conduct(t, batch.Batch{Window: tt.window}, 20, func(c *conducting) {
					c.Patience, c.fleet.takes = time.Hour, tt.takes
					if tt.loses {
						c.fleet.loses = lost
					}
				})
				if tt.pause > 0 {
					time.Sleep(time.Minute)
					c.turn(t, batch.Paused)
					time.Sleep(tt.pause)
					c.turn(t, batch.Running)
				}
				err := c.end(t, 24*time.Hour)
				if !errors.Is(err, tt.want) {
					t.Errorf("the end: %v, want %v", err, tt.want)
				}
				if tt.want != nil && !contains(c.batch.Note, "1 jobs were published and have none") {
					t.Errorf("the note says %q", c.batch.Note)
				}
			})
		})
	}
}

// turn writes an order into the record.
func (c *conducting) turn(t *testing.T, s batch.State) {
	t.Helper()
	if _, err := batch.Update(t.Context(), c.st, c.batch.ID, func(b *batch.Batch) error { b.State = s; return nil }); err != nil {
		t.Fatal(err)
	}
}

// TestExpected has the record say how many jobs there are as soon as the walk has ended.
func TestExpected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := conduct(t, batch.Batch{Window: 300}, 400, func(c *conducting) { c.fleet.takes = time.Hour })
		expected := func() int64 {
			b, err := batch.Load(t.Context(), c.st, c.batch.ID)
			if err != nil {
				t.Fatal(err)
			}
			return b.Expected
		}
		time.Sleep(90 * time.Minute) // the first 300 are done
		if n := expected(); n != 400 {
			t.Errorf("%d jobs are expected after the walk, want 400", n)
		}
		if err := c.end(t, 3*time.Hour); err != nil {
			t.Fatal(err)
		}
	})
}

func TestConduct(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := conduct(t, batch.Batch{Window: 300}, 2000, func(c *conducting) { c.fleet.twice = true })
		if err := c.end(t, time.Hour); err != nil {
			t.Fatal(err)
		}
		want := batch.Totals{Seen: 4000, Fresh: 2000, Published: 2000, Done: 2000}
		if got := c.Totals(); got != want || c.fleet.published(queue.Backfill) != 2000 {
			t.Errorf("%+v, want %+v", got, want)
		}
		if c.fleet.most > 300 || c.fleet.most < 200 {
			t.Errorf("%d in flight at once, of a window of 300", c.fleet.most)
		}
		if err := c.batch.Finish(t.Context(), c.st, batch.Finished, c.Totals()); err != nil {
			t.Fatal(err)
		}
		if b := load(t, c.st, c.batch.ID); b.State != batch.Finished || b.Totals != want {
			t.Errorf("the record says %+v", b)
		}
	})
}

// TestWindowAdapts lets a fast fleet have more in hand than a slow one.
func TestWindowAdapts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := conduct(t, batch.Batch{}, 40_000, nil)
		if err := c.end(t, time.Hour); err != nil {
			t.Fatal(err)
		}
		if c.fleet.most < 4000 {
			t.Errorf("%d in flight at most", c.fleet.most)
		}
	})
}

func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		c := conduct(t, batch.Batch{Window: 1_000_000}, 30_000, func(c *conducting) { c.Rate = 10 })
		if err := c.end(t, 24*time.Hour); err != nil {
			t.Fatal(err)
		}
		// At 10 a second, doubling in 1,200 s, 30,000 take 1,200 log2(1 + 30,000 ln 2 / 12,000) s.
		if took := time.Since(began).Seconds(); took < 1700 || took > 1950 {
			t.Errorf("30,000 jobs took %.0f s, want about 1,740", took)
		}
	})
}

func TestPauseAndMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := conduct(t, batch.Batch{Window: 300, Lane: queue.Backfill}, 3000, nil)
		time.Sleep(time.Minute)
		if _, err := batch.Pause(t.Context(), c.st, c.batch.ID, "ann"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(15 * time.Second)
		before := c.fleet.published(queue.Backfill)
		time.Sleep(time.Hour)
		if after := c.fleet.published(queue.Backfill); after != before || after == 0 {
			t.Errorf("%d published, then %d", before, after)
		}
		if totals := c.Totals(); totals.Done != totals.Published {
			t.Errorf("in a pause not all is done that is published: %+v", totals)
		}
		if _, err := batch.Move(t.Context(), c.st, c.batch.ID, queue.Rerun); err != nil {
			t.Fatal(err)
		}
		if _, err := batch.Continue(t.Context(), c.st, c.batch.ID); err != nil {
			t.Fatal(err)
		}
		if err := c.end(t, time.Hour); err != nil {
			t.Fatal(err)
		}
		if n := c.fleet.published(queue.Rerun); n != 3000-before {
			t.Errorf("%d moved, %d stayed", n, before)
		}
		if want := []string{"by ann", ""}; !slices.Equal(c.told, want) {
			t.Errorf("told %q", c.told)
		}
	})
}

func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := conduct(t, batch.Batch{Window: 300}, 3000, nil)
		time.Sleep(time.Minute)
		if _, err := batch.Cancel(t.Context(), c.st, c.batch.ID, "ann"); err != nil {
			t.Fatal(err)
		}
		if err := c.end(t, 15*time.Second); !errors.Is(err, batch.ErrCancelled) {
			t.Errorf("got %v", err)
		}
		if err := c.batch.Finish(t.Context(), c.st, batch.Cancelled, c.Totals()); err != nil {
			t.Fatal(err)
		}
		b := load(t, c.st, c.batch.ID)
		if b.State != batch.Cancelled || b.Note != "by ann" || b.Totals.Done == 0 {
			t.Errorf("the record says %+v", b)
		}
		if _, err := batch.Continue(t.Context(), c.st, c.batch.ID); !errors.Is(err, batch.ErrState) {
			t.Errorf("it goes on: %v", err)
		}
	})
}

// TestStopsItself breaks everything, mends it and lets the batch go on.
func TestStopsItself(t *testing.T) {
	corrupt := ledger.Outcome{Status: ledger.Failed, Reason: imaging.Corrupt}
	cases := []struct {
		name  string
		stop  batch.Stop
		fails func(n int) bool
		says  string
	}{
		{"too much of all", batch.DefaultStop, func(int) bool { return true }, "more than 50 %, most of them as corrupt"},
		// Failures come in segments of their own: for a while there seem to be more of them.
		{"a third", batch.DefaultStop, func(n int) bool { return n%3 == 0 }, ""},
		{"too much of one reason", batch.Stop{After: 1000, Share: 1, Reasons: map[imaging.Reason]float64{imaging.Corrupt: 0.01}}, func(n int) bool { return n%20 == 0 }, "failed as corrupt"},
		{"of another reason", batch.Stop{After: 1000, Share: 1, Reasons: map[imaging.Reason]float64{imaging.Timeout: 0.01}}, func(int) bool { return true }, ""},
		{"too few to tell", batch.Stop{After: 100_000, Share: 0.5}, func(int) bool { return true }, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				n, broken := 0, true
				at := conduct(t, batch.Batch{Window: 500, Stop: &c.stop}, 3000, func(at *conducting) {
					at.fleet.ends = func(queue.Job) ledger.Outcome {
						mu.Lock()
						defer mu.Unlock()
						if n++; broken && c.fails(n) {
							return corrupt
						}
						return ledger.Outcome{Status: ledger.Done}
					}
				})
				time.Sleep(90 * time.Second)
				b := load(t, at.st, at.batch.ID)
				if c.says == "" {
					if err := at.end(t, time.Hour); err != nil || len(at.told) > 0 {
						t.Errorf("%v, told %q", err, at.told)
					}
					return
				}
				if b.State != batch.Paused || len(at.told) != 1 || at.told[0] != b.Note {
					t.Fatalf("told %q of %+v", at.told, b)
				}
				if got := at.told[0]; !contains(got, c.says) {
					t.Errorf("it says %q, want %q", got, c.says)
				}
				mu.Lock()
				broken = false
				mu.Unlock()
				if _, err := batch.Continue(t.Context(), at.st, at.batch.ID); err != nil {
					t.Fatal(err)
				}
				if err := at.end(t, time.Hour); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestRecordOutOfReach goes on while nobody can read or write the record.
func TestRecordOutOfReach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := conduct(t, batch.Batch{Window: 300}, 1000, func(c *conducting) {
			c.st.onWrite = store.ErrUnavailable
		})
		if err := c.end(t, time.Hour); err != nil {
			t.Error(err)
		}
	})
}

func TestConductEnds(t *testing.T) {
	t.Run("at the limit", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := conduct(t, batch.Batch{Limit: 10}, 1000, nil)
			if err := c.end(t, time.Hour); err != nil || c.fleet.published(queue.Backfill) != 10 {
				t.Errorf("%v, %d published", err, c.fleet.published(queue.Backfill))
			}
		})
	})
	t.Run("at what is left of the limit", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := conduct(t, batch.Batch{Limit: 10, Totals: batch.Totals{Published: 7}}, 1000, nil)
			if err := c.end(t, time.Hour); err != nil || c.fleet.published(queue.Backfill) != 3 {
				t.Errorf("%v, %d published", err, c.fleet.published(queue.Backfill))
			}
		})
	})
	t.Run("with what was asked for by force", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := conduct(t, batch.Batch{Force: true}, 100, nil)
			if err := c.end(t, time.Hour); err != nil || c.fleet.published(queue.Backfill) != 200 {
				t.Errorf("%v, %d published", err, c.fleet.published(queue.Backfill))
			}
		})
	})
}

// TestListingFails publishes nothing more and waits for nothing.
func TestListingFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newMemory()
		b := start(t, st, batch.Batch{Kind: batch.Backfill})
		c := &batch.Conductor{Publisher: newFleet(st), Dest: st, Follow: true}
		err := c.Conduct(t.Context(), b, func(yield func(batch.Decision, error) bool) {
			yield(batch.Decision{}, store.ErrDenied)
		})
		if !errors.Is(err, store.ErrDenied) {
			t.Errorf("got %v", err)
		}
	})
}
