package setup

import (
	"context"
	"errors"
	"fmt"
	"time"

	gcp "cloud.google.com/go/pubsub/v2"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
)

// Cloud is what a fleet has open in Google Cloud. Credentials are the application's default
// ones; PUBSUB_EMULATOR_HOST and STORAGE_EMULATOR_HOST lead the clients to test servers.
type Cloud struct {
	Stores
	Project string
	PubSub  *gcp.Client
}

// answer is how long a service may take for its first answer.
const answer = 20 * time.Second

// credentials is said where a client cannot be opened: it has asked for nothing else yet.
const credentials = "run gcloud auth application-default login, set GOOGLE_APPLICATION_CREDENTIALS to a key file, " +
	"or give this machine a service account"

// OpenCloud opens the clients of a project. It asks nothing of the services. The options are
// for who observes the calls of Pub/Sub.
func OpenCloud(ctx context.Context, project string, observed ...grpc.DialOption) (*Cloud, error) {
	// The client's own spans, from the message to its ack, say more than one for each call.
	opts := []option.ClientOption{option.WithTelemetryDisabled()}
	for _, o := range observed {
		opts = append(opts, option.WithGRPCDialOption(o))
	}
	client, err := gcp.NewClientWithConfig(ctx, project, &gcp.ClientConfig{EnableOpenTelemetryTracing: tracesWanted()}, opts...)
	if err != nil {
		return nil, fmt.Errorf("Pub/Sub: %w: %s", err, credentials)
	}
	return &Cloud{Project: project, PubSub: client}, nil
}

// Close closes the clients.
func (c *Cloud) Close() error { return errors.Join(c.Stores.Close(), c.PubSub.Close()) }
