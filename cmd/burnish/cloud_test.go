//go:build emulator

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	gcp "cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/storage"
	"github.com/fsouza/fake-gcs-server/fakestorage"

	"burnish/queue"
	"burnish/queue/pubsub/emulator"
	"burnish/worker"
	"burnish/worker/ledger"
	"burnish/worker/store"
	"burnish/worker/store/bucket"
)

// cloud is the official Pub/Sub emulator and a Cloud Storage server. Uploads into the latter
// arrive in the former as the notifications say.
type cloud struct {
	pubsub, storage string // host:port
	server          *buckets
	client          *gcp.Client
}

const project = "test-project"

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{pubsub: startEmulator(t)}
	t.Setenv("PUBSUB_EMULATOR_HOST", c.pubsub) // also of the storage server, which publishes
	c.server = newBuckets(t)
	c.storage = c.server.address
	var err error
	if c.client, err = gcp.NewClient(t.Context(), project); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.client.Close() })
	return c
}

// startEmulator starts the emulator, which takes some seconds, and returns its address.
func startEmulator(t *testing.T) string {
	t.Helper()
	e, err := emulator.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e.Address
}

// fleet is a queue, its two buckets and the processes that work on them.
type fleet struct {
	*cloud
	name    string
	recipe  string
	plain   bool // no process is run with the race detector
	buckets *storage.Client
	dest    *bucket.Bucket
}

// newFleet makes the buckets. The queue is made by `burnish setup`.
func (c *cloud) newFleet(t *testing.T, name string) *fleet {
	t.Helper()
	f := &fleet{cloud: c, name: name}
	f.recipe = writeFile(t, filepath.Join(t.TempDir(), "quick.yaml"), quick)
	for _, b := range []string{f.in(), f.out()} {
		c.server.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: b})
	}
	f.buckets, f.dest = c.server.client, c.server.open(t, "gs://"+f.out())
	return f
}

func (f *fleet) in() string  { return f.name + "-in" }
func (f *fleet) out() string { return f.name + "-out" }

// verb returns `burnish verb` of this fleet, not yet started.
func (f *fleet) verb(t *testing.T, verb string, args ...string) *exec.Cmd {
	t.Helper()
	return f.program(t, append([]string{
		verb, "--project", project, "--name", f.name,
		"--source", "gs://" + f.in() + "/photos", "--dest", "gs://" + f.out(),
	}, args...)...)
}

// program returns any verb with the addresses of this fleet's services. What lasts is watched for
// races.
func (f *fleet) program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	run := program
	if verb := args[0]; !f.plain && (verb == "worker" || verb == "recorder" || verb == "backfill") {
		run = raced
	}
	cmd := run(t, args...)
	cmd.Env = append(cmd.Env, "PUBSUB_EMULATOR_HOST="+f.pubsub, "STORAGE_EMULATOR_HOST="+f.storage)
	return cmd
}

func (f *fleet) setup(t *testing.T, args ...string) string {
	t.Helper()
	got := finish(t, f.verb(t, "setup", append([]string{"--attempts", "5"}, args...)...))
	if got.status != 0 {
		t.Fatalf("setup: exit status %d\n%s%s", got.status, got.stdout, got.stderr)
	}
	return got.stdout
}

func (f *fleet) worker(t *testing.T, args ...string) *process {
	t.Helper()
	return start(t, f.verb(t, "worker", append([]string{"--recipe", f.recipe, "--jobs", "2"}, args...)...))
}

func (f *fleet) recorder(t *testing.T) *process {
	t.Helper()
	return start(t, f.verb(t, "recorder", "--every", "1s"))
}

// upload puts an object into the source's bucket.
func (f *fleet) upload(name, content string) {
	f.server.upload(f.in(), name, content)
}

// send publishes a message to one of the fleet's topics.
func (f *fleet) send(t *testing.T, topic string, messages ...*gcp.Message) {
	t.Helper()
	p := f.client.Publisher(f.name + "-" + topic)
	defer p.Stop()
	for _, m := range messages {
		if _, err := p.Publish(t.Context(), m).Get(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// cloudEvent is what Eventarc tells of an object.
func (f *fleet) cloudEvent(t *testing.T, name string) *gcp.Message {
	t.Helper()
	o, err := f.buckets.Bucket(f.in()).Object(name).Attrs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &gcp.Message{
		Data:       fmt.Appendf(nil, `{"bucket":%q,"name":%q,"generation":"%d"}`, f.in(), name, o.Generation),
		Attributes: map[string]string{"ce-specversion": "1.0", "ce-type": "google.cloud.storage.object.v1.finalized"},
	}
}

// ask publishes a job for each key.
func (f *fleet) ask(t *testing.T, lane queue.Lane, batch string, keys ...queue.Key) {
	t.Helper()
	for _, key := range keys {
		data, err := json.Marshal(queue.Job{Key: key, Batch: batch})
		if err != nil {
			t.Fatal(err)
		}
		f.send(t, string(lane), &gcp.Message{Data: data})
	}
}

// job is what an outcome is of. The batch of what nobody asked for is its lane.
type job struct {
	batch string
	key   queue.Key
}

// outcomes reads the whole ledger. It fails on a job that has two outcomes for one generation.
func (f *fleet) outcomes(t *testing.T) map[job]ledger.Outcome {
	t.Helper()
	all := make(map[job]ledger.Outcome)
	ids, err := ledger.Batches(t.Context(), f.dest)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		_, lane, _ := strings.Cut(id, "Z-")
		for o, err := range ledger.Outcomes(t.Context(), f.dest, id, ledger.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			j := job{cmp.Or(lane, id), o.Key}
			if other, ok := all[j]; ok {
				t.Fatalf("two outcomes of one job: %+v and %+v", other, o)
			}
			all[j] = o
		}
	}
	return all
}

// manifests reads every manifest and checks that its variants stand.
func (f *fleet) manifests(t *testing.T) map[queue.Key]worker.Manifest {
	t.Helper()
	all := make(map[queue.Key]worker.Manifest)
	for a, err := range f.dest.List(t.Context(), store.Range{Prefix: worker.ManifestPrefix}) {
		if err != nil {
			t.Fatal(err)
		}
		key := queue.Key(strings.TrimPrefix(a.Name, worker.ManifestPrefix))
		m, _, err := worker.ReadManifest(t.Context(), f.dest, key)
		if err != nil {
			t.Fatalf("manifest of %q: %v", key, err)
		}
		for _, v := range m.Variants {
			there, err := f.dest.Stat(t.Context(), string(v.Path))
			if err != nil || there.Size != v.Bytes || there.Generation != v.Generation {
				t.Fatalf("%q names %s of %d bytes, generation %d; there is %+v, %v", key, v.Path, v.Bytes, v.Generation, there, err)
			}
		}
		all[key] = m
	}
	return all
}

// expectNothingLeft looks for messages on every subscription of the fleet.
func (f *fleet) expectNothingLeft(t *testing.T) {
	t.Helper()
	names := []string{f.name + "-outcomes"}
	for _, lane := range queue.Lanes {
		names = append(names, f.name+"-"+string(lane), f.name+"-"+string(lane)+"-dead")
	}
	for _, name := range names {
		got, err := f.client.SubscriptionAdminClient.Pull(t.Context(), &pubsubpb.PullRequest{
			Subscription:      "projects/" + project + "/subscriptions/" + name,
			MaxMessages:       100,
			ReturnImmediately: true, //lint:ignore SA1019 the other kind waits for messages that are not to be
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range got.ReceivedMessages {
			t.Errorf("left on %s: %q %v", name, m.Message.Data, m.Message.Attributes)
		}
	}
}

// stop sends SIGTERM and expects exit status 0.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(time.Minute):
		t.Fatalf("%q has not ended a minute after SIGTERM", p.Args)
	}
	if got := p.ProcessState.ExitCode(); got != 0 {
		t.Errorf("%q: exit status %d after SIGTERM", p.Args, got)
	}
}
