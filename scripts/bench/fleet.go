package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"burnish/queue"
)

// The targets of a fleet.
const (
	targetFleet   = 0.9 // throughput of two workers, in that of run
	targetIdle    = 0.9 // the same with idle messages, in that without
	targetLatency = 2.0 // p95 of an upload during a backfill, in that of an idle fleet
)

// idleMessages is how many jobs of tiny photos wait in the backfill lane while others are
// measured: far more than workers hold. They have one turn of nine at a CPU.
const idleMessages = 5000

// fleetLimit bounds one measurement.
const fleetLimit = 15 * time.Minute

// withCloud opens the services for one part, or leaves it out.
func (b *bench) withCloud(part string, measure func(context.Context, *cloud) error) error {
	if b.missing(part) {
		return nil
	}
	for _, program := range []string{"gcloud", "java"} {
		if _, err := exec.LookPath(program); err != nil {
			progress("%s: left out, there is no %s for the Pub/Sub emulator", part, program)
			return nil
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), fleetLimit)
	defer cancel()
	c, err := openCloud(ctx)
	if c != nil {
		defer c.close()
	}
	if err != nil {
		return err
	}
	return measure(ctx, c)
}

// fleetRounds is how often a fleet does each photo. One round is in flight at a time, as a backfill
// keeps a bounded number, and the last is not measured: which of two workers is dealt more of it
// is chance, as the emulator (0.8.20) deals jobs at random and keeps no stream to the number that
// it asks for. A lot that is published in one request, it deals to one of them.
const fleetRounds = 4

// fleet is part f: two workers of one slot each, on the emulator and a storage server, against
// `burnish run` with two slots between folders and between buckets of the same server.
func (b *bench) fleet() error {
	return b.withCloud("fleet", func(ctx context.Context, c *cloud) error {
		photos := spreadOver(b.photos, b.few)
		src, err := b.folder("fleet", photos, fleetRounds)
		if err != nil {
			return err
		}
		var folders, buckets, workers, crowded []float64
		for rep := range b.reps {
			o, err := b.burnish(src, filepath.Join(b.cache, "dst", "fleet"), 2)
			if err != nil {
				return err
			}
			folders = append(folders, o.wall.Seconds())
			for _, idle := range []int{0, idleMessages} {
				wall, run, err := b.fleetRound(ctx, c, photos, idle)
				if err != nil {
					return err
				}
				if idle > 0 {
					crowded = append(crowded, wall.Seconds())
					continue
				}
				workers, buckets = append(workers, wall.Seconds()), append(buckets, run.Seconds())
			}
			progress("fleet: repetition %d of %d: all rounds: run %.1f s, between buckets %.1f s; all but one: two workers %.1f s, with idle messages %.1f s",
				rep+1, b.reps, folders[rep], buckets[rep], workers[rep], crowded[rep])
		}
		all := float64(fleetRounds * len(photos))
		measured := all - float64(len(photos))
		perSecond(all, folders, buckets)
		perSecond(measured, workers, crowded)
		t := b.report.table("fleet", "Two workers of one slot against burnish run with two", "the emulator and the storage server share the cores")
		t.spread("burnish run, folders", "photos/s", spreadOf(folders))
		t.spread("burnish run, buckets", "photos/s", spreadOf(buckets))
		t.spread("two workers", "photos/s", spreadOf(workers))
		t.target("throughput, two workers / run between buckets", ratios(workers, buckets), atLeast(targetFleet))
		t.spread("throughput, two workers / run between folders", "", ratios(workers, folders))
		t.target(fmt.Sprintf("throughput with %d idle messages / without", idleMessages), ratios(crowded, workers), atLeast(targetIdle))
		return nil
	})
}

// perSecond turns times for n photos into photos a second.
func perSecond(n float64, times ...[]float64) {
	for _, t := range times {
		for i := range t {
			t[i] = n / t[i]
		}
	}
}

// fleetRound times two workers over all rounds but one, from the first job to the outcome, and,
// where nothing else waits, `burnish run` over all of the same objects.
func (b *bench) fleetRound(ctx context.Context, c *cloud, photos []string, idle int) (wall, run time.Duration, err error) {
	f, err := c.newFleet(ctx, b)
	if err != nil {
		return 0, 0, err
	}
	defer f.close()
	keys, err := f.load("photo", photos, fleetRounds)
	if err != nil {
		return 0, 0, err
	}
	waiting, err := f.loadTiny(idle)
	if err != nil {
		return 0, 0, err
	}
	end, err := f.workers(2, 1)
	if err == nil {
		wall, err = f.times(ctx, keys, waiting, len(photos))
	}
	if err := errors.Join(err, end()); err != nil {
		return 0, 0, err
	}
	if idle > 0 {
		return wall, 0, nil
	}
	o, err := timed(f.runVerb(2))
	return wall, o.wall, err
}

// times feeds jobs to workers that are up, so many at a time, and returns how long all but the
// last so many take while others wait.
func (f *fleet) times(ctx context.Context, keys, waiting []queue.Key, window int) (time.Duration, error) {
	if err := f.warm(ctx); err != nil {
		return 0, err
	}
	if err := f.ask(ctx, queue.Backfill, waiting); err != nil {
		return 0, err
	}
	began := time.Now()
	last, err := f.feed(ctx, queue.Rerun, keys, window)
	if err == nil && len(waiting) > 0 && f.count(waiting) == len(waiting) {
		err = errors.New("no message was left waiting: take fewer photos")
	}
	return last.Sub(began), err
}

// loadTiny stores so many photos of a few hundred bytes.
func (f *fleet) loadTiny(n int) ([]queue.Key, error) {
	var data bytes.Buffer
	if err := jpeg.Encode(&data, image.NewGray(image.Rect(0, 0, 16, 16)), nil); err != nil {
		return nil, err
	}
	keys := make([]queue.Key, n)
	for i := range keys {
		keys[i] = queue.Key(fmt.Sprintf("tiny/%d.jpg", i))
		f.put(string(keys[i]), data.Bytes())
	}
	return keys, nil
}

// runVerb is `burnish run` between the buckets, into a prefix of its own.
func (f *fleet) runVerb(slots int) *exec.Cmd {
	cmd := exec.Command(filepath.Join(f.bench.bin, "burnish"), "run", "gs://"+f.in()+"/photo", "gs://"+f.out()+"/run", "--jobs", strconv.Itoa(slots))
	cmd.Env = append(os.Environ(), "STORAGE_EMULATOR_HOST="+f.web.Addr)
	return cmd
}

// load stores every photo so many times below a folder of the source, and returns the keys round
// by round.
func (f *fleet) load(folder string, photos []string, times int) ([]queue.Key, error) {
	var keys []queue.Key
	for i := range times {
		for _, p := range photos {
			data, err := os.ReadFile(p)
			if err != nil {
				return nil, err
			}
			key := fmt.Sprintf("%s/%d/%s", folder, i, filepath.Base(p))
			f.put(key, data)
			keys = append(keys, queue.Key(key))
		}
	}
	return keys, nil
}

// warm has the workers do photos until all of their parts have been used.
func (f *fleet) warm(ctx context.Context) error {
	keys, err := f.load("warm", f.bench.photos[:1], 4)
	if err != nil {
		return err
	}
	if err := f.ask(ctx, queue.Upload, keys); err != nil {
		return err
	}
	_, err = f.wait(ctx, keys...)
	return err
}

// latency is part g: how long an upload takes from the end of its writing to its outcome, while
// nothing else is done and while a backfill keeps every slot busy.
func (b *bench) latency() error {
	return b.withCloud("latency", func(ctx context.Context, c *cloud) error {
		f, err := c.newFleet(ctx, b)
		if err != nil {
			return err
		}
		defer f.close()
		end, err := f.workers(1, 2)
		if err == nil {
			err = b.measureLatency(ctx, f)
		}
		return errors.Join(err, end())
	})
}

func (b *bench) measureLatency(ctx context.Context, f *fleet) error {
	if err := f.warm(ctx); err != nil {
		return err
	}
	uploads := spreadOver(b.photos, b.few)
	// Enough to last: an upload takes as long as some photos of the backfill on two slots.
	keys, err := f.load("backfill", b.photos, 2+6*b.reps*len(uploads)/len(b.photos))
	if err != nil {
		return err
	}
	if err := f.notify(); err != nil {
		return err
	}
	idle, err := f.uploads(ctx, "idle", uploads, b.reps)
	if err != nil {
		return err
	}
	if err := f.ask(ctx, queue.Backfill, keys); err != nil {
		return err
	}
	if _, err := f.wait(ctx, keys[0]); err != nil {
		return err
	}
	busy, err := f.uploads(ctx, "busy", uploads, b.reps)
	if err != nil {
		return err
	}
	left := len(keys) - f.count(keys)
	progress("latency: idle %.2f s, during a backfill %.2f s", spreadOf(idle).Median, spreadOf(busy).Median)
	t := b.report.table("latency", "From an upload to its outcome, one worker of two slots",
		fmt.Sprintf("%d uploads, one after the other; %d of %d photos of the backfill were left at the end", len(busy), left, len(keys)))
	t.spread("idle", "s", spreadOf(idle))
	t.spread("during a backfill", "s", spreadOf(busy))
	t.spread("p95, idle", "s", spreadOf([]float64{percentile(idle, 0.95)}))
	t.target("p95 during a backfill / idle", spreadOf([]float64{percentile(busy, 0.95) / percentile(idle, 0.95)}), atMost(targetLatency))
	if left == 0 {
		return errors.New("the backfill was over before the uploads were: take more -photos or fewer -reps")
	}
	return nil
}

// uploads uploads photos, each when the one before it is done, and returns their latencies.
func (f *fleet) uploads(ctx context.Context, folder string, photos []string, times int) ([]float64, error) {
	var took []float64
	for i := range times {
		for _, p := range photos {
			data, err := os.ReadFile(p)
			if err != nil {
				return nil, err
			}
			key := fmt.Sprintf("%s/%d/%s", folder, i, filepath.Base(p))
			began := time.Now()
			f.put(key, data)
			last, err := f.wait(ctx, queue.Key(key))
			if err != nil {
				return nil, err
			}
			took = append(took, last.Sub(began).Seconds())
		}
	}
	return took, nil
}

// count returns how many of the keys have an outcome.
func (f *fleet) count(keys []queue.Key) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, k := range keys {
		if !f.ended[k].IsZero() {
			n++
		}
	}
	return n
}

// percentile is the least value that at least the share p of all values do not exceed.
func percentile(v []float64, p float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[max(0, int(math.Ceil(p*float64(len(s))))-1)]
}
