//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/storage"
	"github.com/fsouza/fake-gcs-server/fakestorage"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"burnish/queue/pubsub/emulator"
	"burnish/scripts/faults/cloud"
	"burnish/scripts/faults/fleet"
	"burnish/worker/store/bucket"
)

// Names of what a run works on.
const (
	project = "faults"
	name    = "faults" // of the topics
	photos  = "photos" // buckets
	results = "results"
)

// recipe makes small pictures fast: it is not their pixels that are tested here.
const recipe = `name: quick
variants:
  widths: [24, 48]
  jpeg: {quality: 70, trellis: false, optimize_scans: false}
  webp: {quality: 70, effort: 0}
`

// services is everything that a run has open.
type services struct {
	options
	dir      string // of this run, for files
	emulator *emulator.Emulator
	conn     *grpc.ClientConn // to the emulator, past the front
	storage  *cloud.Storage
	pubsub   *cloud.PubSub
	fleet    *fleet.Fleet
	dice     []*cloud.Dice
	source   *bucket.Bucket // past the front, as is dest
	dest     *bucket.Bucket
}

// open starts the services and sets up the queue. close must be called, also after an error.
func (s *services) open(ctx context.Context) error {
	var err error
	if s.dir, err = os.MkdirTemp("", "burnish-faults-"); err != nil {
		return err
	}
	if err = os.WriteFile(s.recipe(), []byte(recipe), 0o666); err != nil {
		return err
	}
	if s.emulator, err = emulator.Start(ctx); err != nil {
		return err
	}
	s.conn, err = grpc.NewClient(s.emulator.Address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	if s.storage, err = cloud.NewStorage(s.roll("storage"), s); err != nil {
		return err
	}
	if s.pubsub, err = cloud.NewPubSub(s.emulator.Address, s.lease, s.roll("pubsub"), s); err != nil {
		return err
	}
	if err = s.openBuckets(ctx); err != nil {
		return err
	}
	if err = s.setUp(ctx); err != nil {
		return err
	}
	return s.openFleet()
}

// Kill implements cloud.Processes. The fleet is made after the fronts.
func (s *services) Kill(through string) bool { return s.fleet.Kill(through) }

// Awake implements cloud.Processes.
func (s *services) Awake(through string) bool { return s.fleet.Awake(through) }

func (s *services) roll(part string) *cloud.Dice {
	d := cloud.NewDice(s.seed, part)
	s.dice = append(s.dice, d)
	return d
}

func (s *services) openBuckets(ctx context.Context) error {
	server := s.storage.Server
	client, err := storage.NewClient(ctx, option.WithHTTPClient(server.HTTPClient()), option.WithoutAuthentication())
	if err != nil {
		return err
	}
	for _, b := range []string{photos, results} {
		server.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: b})
	}
	if s.source, err = bucket.Open(client, "gs://"+photos, bucket.Options{}); err != nil {
		return err
	}
	s.dest, err = bucket.Open(client, "gs://"+results, bucket.Options{})
	return err
}

// setUp makes topics and subscriptions as anybody would.
func (s *services) setUp(ctx context.Context) error {
	address, err := s.storage.Listen()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, s.burnish(), append([]string{"setup", "--attempts", strconv.Itoa(s.attempts), "--no-notify", "--no-grant"}, ends()...)...)
	cmd.Env = append(os.Environ(), "PUBSUB_EMULATOR_HOST="+s.emulator.Address, "STORAGE_EMULATOR_HOST="+address)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("burnish setup: %w\n%s", err, out)
	}
	return s.dropRetryPolicies(ctx)
}

// dropRetryPolicies has nacked messages come back at once. The emulator (0.8.20) does not bear the
// policies: an ack that comes late, for a message that waits for its backoff after a lapse or a nack, trips its
// clock up, and none of those that wait comes back any more.
func (s *services) dropRetryPolicies(ctx context.Context) error {
	for _, sub := range []string{"upload", "rerun", "backfill", "outcomes"} {
		_, err := pubsubpb.NewSubscriberClient(s.conn).UpdateSubscription(ctx, &pubsubpb.UpdateSubscriptionRequest{
			Subscription: &pubsubpb.Subscription{Name: subscriptions + name + "-" + sub},
			UpdateMask:   &fieldmaskpb.FieldMask{Paths: []string{"retry_policy"}},
		})
		if err != nil {
			return fmt.Errorf("drop the retry policy of %s: %w", sub, err)
		}
	}
	return nil
}

// ends are the flags that all of a fleet are given.
func ends() []string {
	return []string{"--project", project, "--name", name, "--source", "gs://" + photos, "--dest", "gs://" + results}
}

// openFleet makes the slots of the fleet, each with its own way to the services.
func (s *services) openFleet() error {
	var slots []*fleet.Slot
	for i := range s.workers {
		slots = append(slots, &fleet.Slot{Name: fmt.Sprintf("worker %d", i+1), Ready: "working on"})
	}
	for i := range 2 {
		slots = append(slots, &fleet.Slot{Name: fmt.Sprintf("recorder %d", i+1), Ready: "recording outcomes", Recorder: true})
	}
	for _, slot := range slots {
		queue, err := s.pubsub.Listen()
		if err != nil {
			return err
		}
		objects, err := s.storage.Listen()
		if err != nil {
			return err
		}
		args := append([]string{"worker", "--recipe", s.recipe(), "--jobs", "1", "--deadline", "4s", "--grace", "5s"}, ends()...)
		if slot.Recorder {
			args = append([]string{"recorder", "--every", "1s"}, ends()...)
		}
		slot.Addresses = []string{queue, objects}
		slot.Command = func() *exec.Cmd {
			cmd := exec.Command(s.burnish(), args...)
			cmd.Env = append(os.Environ(), "PUBSUB_EMULATOR_HOST="+queue, "STORAGE_EMULATOR_HOST="+objects, "BURNISH_IMAGER="+s.imager)
			return cmd
		}
	}
	s.fleet = fleet.New(fleet.Options{Seed: s.seed, Life: s.life, Lease: s.lease, Kills: s.kills}, slots...)
	return nil
}

func (s *services) burnish() string { return filepath.Join(s.bin, "burnish") }
func (s *services) recipe() string  { return filepath.Join(s.dir, "quick.yaml") }

// publish sends a message to a topic, past the front, and notes that it was taken.
func (s *services) publish(ctx context.Context, topic string, m *pubsubpb.PubsubMessage) (id string, err error) {
	topic = "projects/" + project + "/topics/" + name + "-" + topic
	answer, err := pubsubpb.NewPublisherClient(s.conn).Publish(ctx, &pubsubpb.PublishRequest{Topic: topic, Messages: []*pubsubpb.PubsubMessage{m}})
	if err != nil {
		return "", err
	}
	s.pubsub.Account.Publish(topic, answer.MessageIds...)
	return answer.MessageIds[0], nil
}

// close ends what open has started.
func (s *services) close() {
	if s.pubsub != nil {
		s.pubsub.Close()
	}
	if s.storage != nil {
		s.storage.Close()
	}
	if s.conn != nil {
		_ = s.conn.Close()
	}
	if s.emulator != nil {
		s.emulator.Close()
	}
	_ = os.RemoveAll(s.dir)
}
