package pubsub

import (
	"context"
	"net"
	"testing"
	"time"

	gcp "cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"

	"burnish/queue"
)

// deaf is a service that sends one message on each stream and answers nothing else.
type deaf struct {
	pubsubpb.UnimplementedSubscriberServer
	gone chan struct{}
}

func (d *deaf) StreamingPull(stream pubsubpb.Subscriber_StreamingPullServer) error {
	err := stream.Send(&pubsubpb.StreamingPullResponse{ReceivedMessages: []*pubsubpb.ReceivedMessage{
		{AckId: "1", Message: &pubsubpb.PubsubMessage{MessageId: "1", Data: []byte(`{"key":"a.jpg"}`)}},
	}})
	if err == nil {
		<-d.gone
	}
	return err
}

func (d *deaf) Acknowledge(context.Context, *pubsubpb.AcknowledgeRequest) (*emptypb.Empty, error) {
	<-d.gone
	return nil, context.Canceled
}

func (d *deaf) ModifyAckDeadline(context.Context, *pubsubpb.ModifyAckDeadlineRequest) (*emptypb.Empty, error) {
	<-d.gone
	return nil, context.Canceled
}

// TestStopWhileTheServiceIsDeaf has acks that nobody takes: the client would wait for them for
// a minute and longer.
func TestStopWhileTheServiceIsDeaf(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	service := &deaf{gone: make(chan struct{})}
	server := grpc.NewServer()
	pubsubpb.RegisterSubscriberServer(server, service)
	go func() { _ = server.Serve(l) }()
	defer server.Stop()
	defer close(service.gone)
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	client, err := gcp.NewClient(t.Context(), "test", option.WithGRPCConn(conn))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, stop := context.WithCancel(t.Context())
	q := New(client, "deaf", Options{})
	defer q.Close()
	finish, finished := make(chan struct{}), make(chan struct{})
	returned := make(chan error, 1)
	go func() {
		returned <- q.Receive(ctx, func(_ context.Context, d queue.Delivery) queue.Disposition {
			if d.Lane == queue.Upload {
				stop()
				<-finish
				close(finished)
			}
			return queue.Ack
		})
	}()
	<-ctx.Done()
	select {
	case err := <-returned:
		t.Fatalf("returned %v with a handler at work", err)
	case <-time.After(lastWords + time.Second):
	}
	close(finish)
	<-finished
	select {
	case err := <-returned:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Error("still waiting for the service after the last handler has returned")
	}
}
