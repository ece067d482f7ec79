package cloud

import (
	"context"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

const (
	topic        = "projects/p/topics/f-upload"
	subscribedTo = "projects/p/subscriptions/f-upload"
)

// behind is a front of a Pub/Sub server with one topic and subscription, and a client that comes
// through it.
type behind struct {
	*PubSub
	server *pstest.Server
	conn   *grpc.ClientConn
	killed int
}

func (b *behind) Kill(string) bool  { b.killed++; return true }
func (b *behind) Awake(string) bool { return true }

func newBehind(t *testing.T) *behind {
	t.Helper()
	b := &behind{server: pstest.NewServer()}
	t.Cleanup(func() { b.server.Close() })
	var err error
	if b.PubSub, err = NewPubSub(b.server.Addr, 10*time.Second, NewDice(1, t.Name()), b); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	address, err := b.Listen()
	if err != nil {
		t.Fatal(err)
	}
	if b.conn, err = grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.conn.Close() })
	if _, err := b.server.GServer.CreateTopic(t.Context(), &pubsubpb.Topic{Name: topic}); err != nil {
		t.Fatal(err)
	}
	_, err = b.server.GServer.CreateSubscription(t.Context(), &pubsubpb.Subscription{
		Name: subscribedTo, Topic: topic, AckDeadlineSeconds: 60,
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// only makes sure that one fault is met, and nothing else.
func only(fault int) []int {
	c := make([]int, fault)
	c[fault-1] = 1000
	return c
}

func (b *behind) publish(ctx context.Context) error {
	_, err := pubsubpb.NewPublisherClient(b.conn).Publish(ctx, &pubsubpb.PublishRequest{
		Topic: topic, Messages: []*pubsubpb.PubsubMessage{{Data: []byte("x")}},
	})
	return err
}

func TestPublishFaults(t *testing.T) {
	for _, tt := range []struct {
		fault  int
		taken  int
		killed int
	}{
		{refused, 0, 0}, {replyLost, 1, 0}, {killedBefore, 0, 1}, {killedAfter, 1, 1},
	} {
		t.Run(requestFaults[tt.fault-1], func(t *testing.T) {
			b := newBehind(t)
			b.chances.publish = only(tt.fault)
			b.dice.Begin()
			if err := b.publish(t.Context()); status.Code(err) != codes.Unavailable {
				t.Errorf("the client sees %v", err)
			}
			if n := len(b.server.Messages()); n != tt.taken || b.killed != tt.killed || b.Account.Unacked()[subscribedTo] != tt.taken {
				t.Errorf("%d messages, %d killed, account %v", n, b.killed, b.Account.Unacked())
			}
		})
	}
}

// pull opens a stream and returns what comes, each as it arrives. The channel is closed at the
// end of the stream.
func (b *behind) pull(t *testing.T) <-chan *pubsubpb.ReceivedMessage {
	t.Helper()
	s, err := pubsubpb.NewSubscriberClient(b.conn).StreamingPull(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(&pubsubpb.StreamingPullRequest{Subscription: subscribedTo, StreamAckDeadlineSeconds: 60}); err != nil {
		t.Fatal(err)
	}
	got := make(chan *pubsubpb.ReceivedMessage, 10)
	go func() {
		defer close(got)
		for {
			r, err := s.Recv()
			if err != nil {
				return
			}
			for _, m := range r.ReceivedMessages {
				got <- m
			}
		}
	}()
	return got
}

// come counts what arrives within a time.
func come(got <-chan *pubsubpb.ReceivedMessage, within time.Duration) (n int, ended bool) {
	over := time.After(within)
	for {
		select {
		case _, ok := <-got:
			if !ok {
				return n, true
			}
			n++
		case <-over:
			return n, false
		}
	}
}

func TestMessageFaults(t *testing.T) {
	for _, tt := range []struct {
		fault int
		come  int
		ended bool
	}{
		{delayed, 1, false}, {twice, 2, false}, {dropped, 0, false}, {cut, 0, true},
	} {
		t.Run(messageFaults[tt.fault-1], func(t *testing.T) {
			t.Parallel()
			b := newBehind(t)
			if err := b.publish(t.Context()); err != nil {
				t.Fatal(err)
			}
			b.chances.message = only(tt.fault)
			b.dice.Begin()
			n, ended := come(b.pull(t), delay+time.Second)
			if n != tt.come || ended != tt.ended {
				t.Errorf("%d messages came, the stream has ended: %v", n, ended)
			}
			if b.Account.Unacked()[subscribedTo] != 1 {
				t.Errorf("account %v", b.Account.Unacked())
			}
		})
	}
}

func TestAckFaults(t *testing.T) {
	for _, tt := range []struct {
		fault  int // 0 for none
		code   codes.Code
		acked  bool
		killed int
	}{
		{0, codes.OK, true, 0},
		{refused, codes.Unavailable, false, 0},
		{replyLost, codes.Unavailable, true, 0},
		{ignored, codes.OK, false, 0},
		{killedBefore, codes.Unavailable, false, 1},
		{killedAfter, codes.Unavailable, true, 1},
	} {
		b := newBehind(t)
		if err := b.publish(t.Context()); err != nil {
			t.Fatal(err)
		}
		m := <-b.pull(t)
		if tt.fault > 0 {
			b.chances.ack = only(tt.fault)
			b.dice.Begin()
		}
		_, err := pubsubpb.NewSubscriberClient(b.conn).Acknowledge(t.Context(), &pubsubpb.AcknowledgeRequest{
			Subscription: subscribedTo, AckIds: []string{m.AckId},
		})
		acked := b.server.Message(m.Message.MessageId).Acks > 0
		if status.Code(err) != tt.code || acked != tt.acked || b.killed != tt.killed || (len(b.Account.Unacked()) == 0) != tt.acked {
			t.Errorf("fault %d: the client sees %v; acked: %v, killed: %d, account %v", tt.fault, err, acked, b.killed, b.Account.Unacked())
		}
		if held := b.leases.living(b.Awake); len(held) > 0 {
			t.Errorf("fault %d: a lease that the client has given up is extended: %v", tt.fault, held)
		}
	}
}
