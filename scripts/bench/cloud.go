package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	gcp "cloud.google.com/go/pubsub/v2"
	"github.com/fsouza/fake-gcs-server/fakestorage"

	"burnish/queue"
	"burnish/queue/pubsub"
	"burnish/queue/pubsub/emulator"
	"burnish/worker/ledger"
	"burnish/worker/outcomes"
)

const project = "bench"

// cloud is the official Pub/Sub emulator and a Cloud Storage server in this process, which
// tells the emulator of uploads. What both take of the CPU, a fleet is measured with.
type cloud struct {
	emulator *emulator.Emulator
	server   *fakestorage.Server
	web      *http.Server
	client   *gcp.Client
	fleets   int
}

// openCloud starts both. close must be called.
func openCloud(ctx context.Context) (*cloud, error) {
	e, err := emulator.Start(ctx)
	if err != nil {
		return nil, err
	}
	c := &cloud{emulator: e}
	// The storage server publishes uploads by a client of its own, which looks here.
	if err := os.Setenv("PUBSUB_EMULATOR_HOST", e.Address); err != nil {
		return c, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return c, err
	}
	c.server, err = fakestorage.NewServerWithOptions(fakestorage.Options{
		NoListener: true, PublicHost: l.Addr().String(), Writer: io.Discard,
	})
	if err != nil {
		return c, err
	}
	c.web = &http.Server{Addr: l.Addr().String(), Handler: c.server.HTTPHandler()}
	go func() { _ = c.web.Serve(l) }() // until close
	c.client, err = gcp.NewClient(ctx, project)
	return c, err
}

func (c *cloud) close() {
	if c.client != nil {
		_ = c.client.Close()
	}
	if c.web != nil {
		_ = c.web.Close()
	}
	c.emulator.Close()
}

// fleet is a queue, its two buckets and the workers on them.
type fleet struct {
	*cloud
	bench *bench
	name  string

	stop    context.CancelFunc // of watching outcomes
	watched sync.WaitGroup

	mu      sync.Mutex
	ended   map[queue.Key]time.Time // when the outcome came
	failed  error                   // the first photo that was not done
	changed chan struct{}           // closed and replaced with every outcome
}

// newFleet sets up a queue of its own and begins to watch its outcomes. Uploads arrive as jobs
// only from notify on. close must be called.
func (c *cloud) newFleet(ctx context.Context, b *bench) (*fleet, error) {
	c.fleets++
	f := &fleet{
		cloud: c, bench: b, name: fmt.Sprintf("bench-%d", c.fleets),
		ended: make(map[queue.Key]time.Time), changed: make(chan struct{}),
	}
	for _, name := range []string{f.in(), f.out()} {
		c.server.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: name})
	}
	if err := run(f.verb("setup", "--no-notify")); err != nil {
		return nil, err
	}
	ctx, f.stop = context.WithCancel(ctx)
	f.watched.Go(func() {
		err := c.client.Subscriber(outcomes.Name(f.name)).Receive(ctx, func(_ context.Context, m *gcp.Message) {
			f.note(m.Data, time.Now())
			m.Ack()
		})
		f.fail(err)
	})
	return f, nil
}

func (f *fleet) close() {
	f.stop()
	f.watched.Wait()
}

// notify lets each object that is stored from now on arrive as a job.
func (f *fleet) notify() error { return run(f.verb("setup")) }

func (f *fleet) in() string  { return f.name + "-in" }
func (f *fleet) out() string { return f.name + "-out" }

// verb returns `burnish verb` of this fleet, not yet started.
func (f *fleet) verb(verb string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(f.bench.bin, "burnish"), append([]string{
		verb, "--project", project, "--name", f.name, "--source", "gs://" + f.in(), "--dest", "gs://" + f.out(),
	}, args...)...)
	cmd.Env = append(os.Environ(), "STORAGE_EMULATOR_HOST="+f.web.Addr)
	return cmd
}

func run(cmd *exec.Cmd) error {
	_, err := timed(cmd)
	return err
}

// workers starts workers of so many slots each and returns what ends them all. What they say
// stands in the working folder, a file for each.
func (f *fleet) workers(n, slots int) (end func() error, err error) {
	var started []*exec.Cmd
	end = func() error {
		var errs []error
		for _, cmd := range started {
			_ = cmd.Process.Signal(syscall.SIGTERM)
			if err := cmd.Wait(); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w: see %s", cmd, err, f.bench.cache))
			}
		}
		return errors.Join(errs...)
	}
	for i := range n {
		said, err := os.Create(filepath.Join(f.bench.cache, fmt.Sprintf("%s-worker-%d.log", f.name, i)))
		if err != nil {
			return end, err
		}
		cmd := f.verb("worker", "--jobs", strconv.Itoa(slots))
		cmd.Stderr = said
		err = cmd.Start()
		_ = said.Close() // the worker has its own descriptor of it
		if err != nil {
			return end, err
		}
		started = append(started, cmd)
	}
	return end, nil
}

// put stores an object of the source.
func (f *fleet) put(name string, data []byte) {
	f.server.CreateObject(fakestorage.Object{
		ObjectAttrs: fakestorage.ObjectAttrs{BucketName: f.in(), Name: name}, Content: data,
	})
}

// ask publishes a job for each key.
func (f *fleet) ask(ctx context.Context, lane queue.Lane, keys []queue.Key) error {
	q := pubsub.New(f.client, f.name, pubsub.Options{})
	defer q.Close()
	jobs := make([]queue.Job, len(keys))
	for i, key := range keys {
		jobs[i].Key = key
	}
	return q.Publish(ctx, lane, jobs...)
}

func (f *fleet) note(data []byte, now time.Time) {
	var o ledger.Outcome
	err := json.Unmarshal(data, &o)
	if err == nil && o.Status == ledger.Failed {
		err = fmt.Errorf("%s: %s: %s", o.Key, o.Reason, o.Message)
	}
	f.fail(err)
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.ended[o.Key]; !ok {
		f.ended[o.Key] = now
	}
	f.wake()
}

func (f *fleet) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failed == nil && err != nil {
		f.failed = err
		f.wake()
	}
}

// wake tells those who wait to look again. The caller holds the lock.
func (f *fleet) wake() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// feed publishes a job for each key, one by one, with so many of them on their way at a time. It
// returns when all but the last so many have an outcome, and the time of that.
func (f *fleet) feed(ctx context.Context, lane queue.Lane, keys []queue.Key, window int) (time.Time, error) {
	q := pubsub.New(f.client, f.name, pubsub.Options{})
	defer q.Close()
	for sent := 0; ; sent++ {
		if err := f.until(ctx, keys[:sent], min(sent+1, len(keys))-window); err != nil {
			return time.Time{}, err
		}
		if sent == len(keys) {
			return time.Now(), nil
		}
		if err := q.Publish(ctx, lane, queue.Job{Key: keys[sent]}); err != nil {
			return time.Time{}, err
		}
	}
}

// until returns when n of the keys have an outcome.
func (f *fleet) until(ctx context.Context, keys []queue.Key, n int) error {
	for {
		f.mu.Lock()
		err, changed := f.failed, f.changed
		f.mu.Unlock()
		got := f.count(keys)
		if err != nil || got >= n {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%d outcomes of %d: %w", got, n, ctx.Err())
		}
	}
}

// wait returns when all keys have an outcome, and the time of the last.
func (f *fleet) wait(ctx context.Context, keys ...queue.Key) (last time.Time, err error) {
	for {
		f.mu.Lock()
		open := slices.IndexFunc(keys, func(k queue.Key) bool { return f.ended[k].IsZero() })
		for _, k := range keys {
			if t := f.ended[k]; t.After(last) {
				last = t
			}
		}
		err, changed := f.failed, f.changed
		f.mu.Unlock()
		if err != nil || open < 0 {
			return last, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return last, fmt.Errorf("no outcome of %s: %w", keys[open], ctx.Err())
		}
	}
}
