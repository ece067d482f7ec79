package observe

import (
	"context"
	"path"
	"sync/atomic"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Calls observes the calls of a Pub/Sub client: whether they are answered, and what becomes of
// leases.
type Calls struct {
	leases   *prometheus.CounterVec // subscription, change
	failures *prometheus.CounterVec // method, code
	answered atomic.Int64           // when last, in Unix nanoseconds
	failed   atomic.Int64           // the same
}

// NewCalls registers the metrics of a client.
func NewCalls(metrics prometheus.Registerer) *Calls {
	f := promauto.With(metrics)
	return &Calls{
		leases: f.NewCounterVec(prometheus.CounterOpts{
			Name: "burnish_lease_changes_total",
			Help: "Leases extended (each once on receipt, then every minute) or ended by a nack.",
		}, []string{"subscription", "change"}),
		failures: f.NewCounterVec(prometheus.CounterOpts{
			Name: "burnish_pubsub_errors_total",
			Help: "Calls of Pub/Sub that failed, by method and gRPC code; streams that the service ends in the ordinary course too.",
		}, []string{"method", "code"}),
	}
}

// Options are for the client that is to be observed.
func (c *Calls) Options() []grpc.DialOption {
	return []grpc.DialOption{grpc.WithChainUnaryInterceptor(c.unary), grpc.WithChainStreamInterceptor(c.stream)}
}

func (c *Calls) unary(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	err := call(ctx, method, req, reply, conn, opts...)
	c.note(method, err)
	if m, ok := req.(*pubsubpb.ModifyAckDeadlineRequest); ok && err == nil {
		change := "extended"
		if m.AckDeadlineSeconds == 0 {
			change = "nacked"
		}
		c.leases.WithLabelValues(path.Base(m.Subscription), change).Add(float64(len(m.AckIds)))
	}
	return err
}

func (c *Calls) stream(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	s, err := open(ctx, desc, conn, method, opts...)
	if err != nil {
		c.note(method, err)
		return nil, err
	}
	return stream{s, c, method}, nil
}

// stream notes what arrives on a stream.
type stream struct {
	grpc.ClientStream
	calls  *Calls
	method string
}

func (s stream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	s.calls.note(s.method, err)
	return err
}

// note notes the end of a call. An answer that says no is an answer.
func (c *Calls) note(method string, err error) {
	now := time.Now().UnixNano()
	code := status.Code(err)
	switch code {
	case codes.OK:
		c.answered.Store(now)
		return
	case codes.Canceled: // by this process, which is stopping or has given up
		return
	case codes.Unavailable, codes.DeadlineExceeded, codes.Unauthenticated, codes.Internal, codes.Unknown:
		c.failed.Store(now)
	default:
		c.answered.Store(now)
	}
	c.failures.WithLabelValues(path.Base(method), code.String()).Inc()
}

// Answering asks the service with ask, but not if a call has been answered in the last while
// and none has failed since: a busy process costs the service nothing more.
func (c *Calls) Answering(while time.Duration, ask func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		answered := c.answered.Load()
		if answered > c.failed.Load() && time.Since(time.Unix(0, answered)) < while {
			return nil
		}
		return ask(ctx)
	}
}
