package observe

import (
	"context"
	"errors"
	"testing"
	"time"

	gcp "cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

func TestLeases(t *testing.T) {
	server := pstest.NewServer()
	defer server.Close()
	calls := NewCalls(prometheus.NewRegistry())
	conn, err := grpc.NewClient(server.Addr, append(calls.Options(), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	client, err := gcp.NewClient(t.Context(), "p", option.WithGRPCConn(conn))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	topic, sub := &pubsubpb.Topic{Name: "projects/p/topics/q"}, &pubsubpb.Subscription{Name: "projects/p/subscriptions/q-upload", Topic: "projects/p/topics/q"}
	if _, err := client.TopicAdminClient.CreateTopic(t.Context(), topic); err != nil {
		t.Fatal(err)
	}
	if _, err := client.SubscriptionAdminClient.CreateSubscription(t.Context(), sub); err != nil {
		t.Fatal(err)
	}
	server.Publish(topic.Name, []byte("a job"), nil)
	ctx, stop := context.WithCancel(t.Context())
	err = client.Subscriber("q-upload").Receive(ctx, func(_ context.Context, m *gcp.Message) {
		stop()
		m.Nack()
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := testutil.ToFloat64(calls.leases.WithLabelValues("q-upload", "nacked")); got < 1 {
		t.Errorf("%v nacks are counted", got)
	}
	_, err = client.SubscriptionAdminClient.GetSubscription(t.Context(), &pubsubpb.GetSubscriptionRequest{Subscription: "projects/p/subscriptions/none"})
	if status.Code(err) != codes.NotFound {
		t.Fatal(err)
	}
	if got := testutil.ToFloat64(calls.failures.WithLabelValues("GetSubscription", "NotFound")); got != 1 {
		t.Errorf("%v failures are counted", got)
	}
}

func TestAnswering(t *testing.T) {
	gone := status.Error(codes.Unavailable, "gone")
	no := errors.New("no")
	for _, tt := range []struct {
		name  string
		calls []error
		asks  bool
	}{
		{"nothing was called", nil, true},
		{"answered", []error{nil}, false},
		{"refused, which is an answer", []error{status.Error(codes.PermissionDenied, "")}, false},
		{"failed", []error{nil, gone}, true},
		{"answered again", []error{gone, nil}, false},
		{"given up by this process", []error{nil, status.Error(codes.Canceled, "")}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			calls := NewCalls(prometheus.NewRegistry())
			for _, err := range tt.calls {
				calls.note("/google.pubsub.v1.Subscriber/StreamingPull", err)
				time.Sleep(time.Microsecond) // clocks may be coarse
			}
			err := calls.Answering(time.Minute, func(context.Context) error { return no })(t.Context())
			if asked := errors.Is(err, no); asked != tt.asks {
				t.Errorf("it was asked: %v, %v", asked, err)
			}
			if err := calls.Answering(0, func(context.Context) error { return no })(t.Context()); !errors.Is(err, no) {
				t.Errorf("after a while it is not asked again: %v", err)
			}
		})
	}
}
