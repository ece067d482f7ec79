package cloud

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The faults of a message on its way to a subscriber, in the order of their chances.
const (
	delayed = iota + 1
	longDelayed
	twice
	dropped
	cut
)

var messageFaults = []string{"message delayed", "message delayed for long", "message twice", "message dropped", "stream cut"}

// How long messages are delayed, at most: within a lease, and beyond it.
const (
	delay     = 2 * time.Second
	longDelay = 20 * time.Second
)

// stream is one StreamingPull of a process.
type stream struct {
	*PubSub
	holder // the subscription and the process
	down   pubsubpb.Subscriber_StreamingPullServer
	up     pubsubpb.Subscriber_StreamingPullClient

	mu   sync.Mutex // held while something is sent down
	over bool       // nothing may be sent down any more
}

// StreamingPull implements pubsubpb.SubscriberServer.
func (p *PubSub) StreamingPull(down pubsubpb.Subscriber_StreamingPullServer) error {
	first, err := down.Recv()
	if err != nil {
		return err
	}
	first.StreamAckDeadlineSeconds = p.shorten(first.StreamAckDeadlineSeconds)
	ctx, cancel := context.WithCancel(context.WithoutCancel(down.Context()))
	up, err := pubsubpb.NewSubscriberClient(p.conn).StreamingPull(ctx)
	if err == nil {
		err = up.Send(first)
	}
	if err != nil {
		cancel()
		return err
	}
	s := &stream{PubSub: p, holder: holder{first.Subscription, localAddress(down.Context())}, down: down, up: up}
	ended := make(chan error, 1)
	go s.ask()
	go func() {
		defer cancel()
		s.deliver(ended)
	}()
	defer s.end()
	select {
	case err := <-ended:
		return err
	case <-down.Context().Done():
		return down.Context().Err()
	}
}

func (s *stream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.leases.release(s.holder)
}

// ask passes on what the process says. When the process is gone, however that came about, it
// half-closes the stream. The emulator (0.8.20) takes note of nothing else: to a stream whose
// connection broke, it goes on to deliver, and after some of these it delivers nothing to anybody.
func (s *stream) ask() {
	for {
		r, err := s.down.Recv()
		if err != nil {
			_ = s.up.CloseSend()
			return
		}
		if r.StreamAckDeadlineSeconds != 0 {
			r.StreamAckDeadlineSeconds = s.shorten(r.StreamAckDeadlineSeconds)
		}
		if err := s.up.Send(r); err != nil {
			return // as deliver learns, too
		}
	}
}

// deliver passes messages on until the emulator ends the stream. What comes after the process
// has gone is for nobody, and comes back when its lease ends.
func (s *stream) deliver(ended chan<- error) {
	for {
		r, err := s.up.Recv()
		if errors.Is(err, io.EOF) {
			err = nil // an orderly end
		}
		if err != nil || r == nil {
			tell(ended, err)
			return
		}
		s.Account.delivered(s.subscription, r.ReceivedMessages)
		r.ReceivedMessages = slices.DeleteFunc(r.ReceivedMessages, func(m *pubsubpb.ReceivedMessage) bool {
			return !s.passes(m, ended)
		})
		s.send(r)
	}
}

// passes lets a message meet a fault, and reports whether it is to be sent at once.
func (s *stream) passes(m *pubsubpb.ReceivedMessage, ended chan<- error) bool {
	fault := s.dice.draw(s.chances.message)
	if fault == 0 {
		return true
	}
	s.log.count(messageFaults[fault-1])
	switch fault {
	case delayed:
		s.sendAfter(s.dice.UpTo(delay), m)
	case longDelayed:
		s.sendAfter(s.dice.UpTo(longDelay), m)
	case twice:
		s.sendAfter(s.dice.UpTo(delay), m)
		return true
	case cut:
		tell(ended, status.Error(codes.Unavailable, "the front cuts the stream"))
	}
	return false
}

// tell says how a stream ends. Only the first end counts.
func tell(ended chan<- error, err error) {
	select {
	case ended <- err:
	default:
	}
}

func (s *stream) sendAfter(d time.Duration, m *pubsubpb.ReceivedMessage) {
	time.AfterFunc(d, func() {
		s.send(&pubsubpb.StreamingPullResponse{ReceivedMessages: []*pubsubpb.ReceivedMessage{m}})
	})
}

// send sends to a process that may have gone.
func (s *stream) send(r *pubsubpb.StreamingPullResponse) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	for _, m := range r.ReceivedMessages {
		s.leases.hold(m.AckId, s.holder)
	}
	_ = s.down.Send(r)
}
