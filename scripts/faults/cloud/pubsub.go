package cloud

import (
	"cmp"
	"context"
	"net"
	"strings"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// PubSub stands in front of the Pub/Sub emulator. It passes on what workers and recorders ask
// for, breaks some of it, and keeps the account of what is not acked yet.
type PubSub struct {
	pubsubpb.UnimplementedPublisherServer
	pubsubpb.UnimplementedSubscriberServer

	Account *Account

	lease    time.Duration
	emulator string
	conn     *grpc.ClientConn
	dice     *Dice
	chances  chances
	process  Processes
	log      *faultLog
	grpc     *grpc.Server
	leases   *leases
	closed   chan struct{}
}

// largest is what a request or an answer may have, in bytes: a little more than the service takes.
const largest = 16 << 20

// NewPubSub starts a front of the emulator at the given address. Leases are held for at most the
// given time, so that a run need not wait a minute for what each killed worker had in hand, and
// extended while their process is awake. 0 leaves leases as they are. Close must be called.
func NewPubSub(emulator string, lease time.Duration, dice *Dice, process Processes) (*PubSub, error) {
	p := &PubSub{Account: newAccount(2 * cmp.Or(lease, time.Minute)), lease: lease, emulator: emulator, dice: dice, chances: usual, process: process, leases: newLeases(), closed: make(chan struct{}), log: newFaultLog()}
	var err error
	if p.conn, err = p.dial(); err != nil {
		return nil, err
	}
	p.grpc = grpc.NewServer(grpc.MaxRecvMsgSize(largest))
	pubsubpb.RegisterPublisherServer(p.grpc, p)
	pubsubpb.RegisterSubscriberServer(p.grpc, p)
	if lease > 0 && lease < time.Minute { // with which the client does so itself
		go p.extend(p.closed)
	}
	return p, nil
}

func (p *PubSub) dial() (*grpc.ClientConn, error) {
	return grpc.NewClient(p.emulator, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(largest)))
}

// Listen opens another address of the front, as PUBSUB_EMULATOR_HOST takes it. Each process has
// its own: so the front knows who asks.
func (p *PubSub) Listen() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() { _ = p.grpc.Serve(l) }() // until Close
	return l.Addr().String(), nil
}

// Close ends the front. The emulator stays the caller's.
func (p *PubSub) Close() {
	close(p.closed)
	p.grpc.Stop()
	_ = p.conn.Close()
}

// Faults counts what was met, by name.
func (p *PubSub) Faults() map[string]int { return p.log.counts() }

// The faults of a request, in the order of their chances.
const (
	refused = iota + 1
	replyLost
	ignored
	killedBefore
	killedAfter
)

// requestFaults are of Publish and Acknowledge. Requests are fewer than messages: the client
// gathers acks for a tenth of a second.
var requestFaults = []string{"unavailable", "lost reply", "ignored", "kill before", "kill after"}

// chances are in thousandths, of requests and of messages.
type chances struct{ publish, ack, message []int }

var usual = chances{
	publish: []int{15, 15, 0, 6, 12},
	ack:     []int{20, 20, 20, 15, 10},
	message: []int{50, 5, 20, 5, 3},
}

// meet lets a request meet a fault, or carries it out. do must say whether it was.
func (p *PubSub) meet(ctx context.Context, name string, chances []int, do func() error) error {
	fault := p.dice.draw(chances)
	through := localAddress(ctx)
	gone := status.Error(codes.Unavailable, "the front hangs up")
	if fault == 0 {
		return do()
	}
	switch fault {
	case killedBefore, killedAfter:
		if fault == killedAfter {
			_ = do()
		}
		if p.process.Kill(through) {
			p.log.count(name + ": " + requestFaults[fault-1])
		}
		return gone
	case replyLost:
		_ = do()
	case ignored: // an ack is a request, not a promise
		p.log.count(name + ": " + requestFaults[fault-1])
		return nil
	}
	p.log.count(name + ": " + requestFaults[fault-1])
	return gone
}

func localAddress(ctx context.Context) string {
	if from, ok := peer.FromContext(ctx); ok && from.LocalAddr != nil {
		return from.LocalAddr.String()
	}
	return ""
}

// Publish implements pubsubpb.PublisherServer. With its reply lost, the client publishes again.
func (p *PubSub) Publish(ctx context.Context, r *pubsubpb.PublishRequest) (answer *pubsubpb.PublishResponse, err error) {
	err = p.meet(ctx, "publish", p.chances.publish, func() error {
		answer, err = pubsubpb.NewPublisherClient(p.conn).Publish(context.WithoutCancel(ctx), r)
		if err == nil {
			p.Account.published(r, answer)
		}
		return err
	})
	return answer, err
}

// GetTopic implements pubsubpb.PublisherServer.
func (p *PubSub) GetTopic(ctx context.Context, r *pubsubpb.GetTopicRequest) (*pubsubpb.Topic, error) {
	return pubsubpb.NewPublisherClient(p.conn).GetTopic(ctx, r)
}

// GetSubscription implements pubsubpb.SubscriberServer.
func (p *PubSub) GetSubscription(ctx context.Context, r *pubsubpb.GetSubscriptionRequest) (*pubsubpb.Subscription, error) {
	return pubsubpb.NewSubscriberClient(p.conn).GetSubscription(ctx, r)
}

// Acknowledge implements pubsubpb.SubscriberServer.
func (p *PubSub) Acknowledge(ctx context.Context, r *pubsubpb.AcknowledgeRequest) (*emptypb.Empty, error) {
	p.leases.settle(r.AckIds) // to the client they are, whatever becomes of the request
	err := p.meet(ctx, "ack", p.chances.ack, func() error {
		_, err := pubsubpb.NewSubscriberClient(p.conn).Acknowledge(context.WithoutCancel(ctx), r)
		if err == nil {
			p.Account.acked(r)
		}
		return err
	})
	return &emptypb.Empty{}, err
}

// ModifyAckDeadline implements pubsubpb.SubscriberServer.
func (p *PubSub) ModifyAckDeadline(ctx context.Context, r *pubsubpb.ModifyAckDeadlineRequest) (*emptypb.Empty, error) {
	if r.AckDeadlineSeconds == 0 {
		p.leases.settle(r.AckIds)
	}
	r.AckDeadlineSeconds = p.shorten(r.AckDeadlineSeconds)
	return pubsubpb.NewSubscriberClient(p.conn).ModifyAckDeadline(ctx, r)
}

// lengthen extends leases by what they are held for.
func (p *PubSub) lengthen(sub string, acks []string) {
	ctx, cancel := context.WithTimeout(context.Background(), p.lease)
	defer cancel()
	_, _ = pubsubpb.NewSubscriberClient(p.conn).ModifyAckDeadline(ctx, &pubsubpb.ModifyAckDeadlineRequest{
		Subscription: sub, AckIds: acks, AckDeadlineSeconds: int32(p.lease / time.Second),
	}) // or they lapse, as they may
}

// shorten bounds a lease, in seconds.
func (p *PubSub) shorten(seconds int32) int32 {
	if p.lease == 0 {
		return seconds
	}
	return min(seconds, int32(p.lease/time.Second))
}

// subscription is the one that a topic's messages go to: in Burnish both have one name.
func subscription(topic string) string {
	return strings.Replace(topic, "/topics/", "/subscriptions/", 1)
}
