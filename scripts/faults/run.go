//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"

	"burnish/queue"
	"burnish/scripts/faults/check"
)

// gather makes a run and returns what it leaves behind.
func (o options) gather(ctx context.Context) (*check.Evidence, error) {
	s := &services{options: o}
	defer s.close()
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	f, err := newFeed(s)
	if err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- s.fleet.Run(running) }()
	err = f.run(ctx)
	stop()
	if err := errors.Join(err, <-ended); err != nil {
		return nil, err
	}
	say("the fleet has stopped; looking at what it left behind")
	return f.gather(ctx)
}

// run takes the fleet through the faults and lets it come to rest.
func (f *feed) run(ctx context.Context) error {
	for _, d := range f.dice {
		d.Begin()
	}
	if err := f.suffer(ctx); err != nil {
		return err
	}
	f.fleet.Relax()
	for _, d := range f.dice {
		d.End()
	}
	say("no more faults after %d kills; the fleet comes to rest", f.fleet.Counts().Kills())
	if err := f.rest(ctx); err != nil {
		return err
	}
	published, err := manifests(ctx, f.dest)
	if err != nil {
		return err
	}
	n, err := f.mend(ctx, published)
	if err != nil || n == 0 {
		return err
	}
	say("%d good photos failed for the faults alone, and are asked for again", n)
	return f.rest(ctx)
}

// backlog is how many jobs are kept waiting, for each worker and second of a lease: more than
// workers that are killed hide.
const backlog = 8

// suffer feeds the fleet until it has had its kills.
func (f *feed) suffer(ctx context.Context) error {
	if err := f.begin(ctx); err != nil {
		return err
	}
	full := backlog * f.workers * int(f.lease.Seconds())
	over := time.After(f.longest)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	news := time.NewTicker(10 * time.Second)
	defer news.Stop()
	for {
		select {
		case <-f.fleet.Calm():
			return nil
		case <-over:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-news.C:
			say("%+v, %d jobs sent, %d open", f.fleet.Counts(), len(f.evidence.Jobs), f.open())
		case <-tick.C:
			for range min(20, full-f.open()) {
				if err := f.step(ctx); err != nil {
					return err
				}
			}
		}
	}
}

// open is how many messages of the lanes are not acked.
func (f *feed) open() int {
	n := 0
	for _, lane := range queue.Lanes {
		n += f.pubsub.Account.Unacked()[subscriptions+name+"-"+string(lane)]
	}
	return n
}

const subscriptions = "projects/" + project + "/subscriptions/"

// patience is how long a fleet without faults may take to come to rest, beyond two leases. Jobs
// that failed often wait up to a minute for their next delivery.
const patience = 10 * time.Minute

// rest returns when every message has been acked, or when that will not come to pass. What is
// left is seen later.
func (f *feed) rest(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience+2*f.lease)
	defer cancel()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for quiet, n := 0, 1; quiet < 3; n++ {
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				say("the fleet does not come to rest: %v", f.pubsub.Account.Unacked())
				return nil
			}
			return ctx.Err()
		case <-tick.C:
		}
		left := f.pubsub.Account.Unacked()
		if quiet++; len(left) > 0 {
			quiet = 0
		}
		if n%10 == 0 {
			say("open: %v", left)
		}
	}
	return nil
}

// left looks for messages on every subscription, for as long as one that is not acked may take
// to come again.
func (f *feed) left(ctx context.Context) ([]string, error) {
	var all []string
	names := []string{"outcomes"}
	for _, lane := range queue.Lanes {
		names = append(names, string(lane), string(lane)+"-dead")
	}
	for until := time.Now().Add(f.settle); ; time.Sleep(time.Second) {
		for _, n := range names {
			got, err := pubsubpb.NewSubscriberClient(f.conn).Pull(ctx, &pubsubpb.PullRequest{
				Subscription:      subscriptions + name + "-" + n,
				MaxMessages:       1000,
				ReturnImmediately: true, //lint:ignore SA1019 the other kind waits for messages that are not to be
			})
			if err != nil {
				return nil, err
			}
			for _, m := range got.ReceivedMessages {
				all = append(all, fmt.Sprintf("on %s: message %s: %.200q %v", n, m.Message.MessageId, m.Message.Data, m.Message.Attributes))
			}
		}
		if time.Now().After(until) {
			break
		}
	}
	for sub, n := range f.pubsub.Account.Unacked() {
		all = append(all, fmt.Sprintf("%d messages of %s were never acked: %.10q", n, sub, f.pubsub.Account.IDs(sub)))
	}
	return all, nil
}
