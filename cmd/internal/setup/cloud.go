package setup

import (
	"context"
	"errors"
	"fmt"
	"time"

	gcp "cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/storage"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"burnish/worker/outcomes"
)

// Cloud is what a fleet has open in Google Cloud. Credentials are the application's default
// ones; PUBSUB_EMULATOR_HOST and STORAGE_EMULATOR_HOST lead the clients to test servers.
type Cloud struct {
	Project string
	PubSub  *gcp.Client
	storage *storage.Client // opened when first asked for: folders need none
}

// answer is how long a service may take for its first answer.
const answer = 20 * time.Second

// credentials is said where a client cannot be opened: it has asked for nothing else yet.
const credentials = "run gcloud auth application-default login, set GOOGLE_APPLICATION_CREDENTIALS to a key file, " +
	"or give this machine a service account"

// OpenCloud opens the clients of a project. It asks nothing of the services.
func OpenCloud(ctx context.Context, project string) (*Cloud, error) {
	client, err := gcp.NewClient(ctx, project)
	if err != nil {
		return nil, fmt.Errorf("Pub/Sub: %w: %s", err, credentials)
	}
	return &Cloud{Project: project, PubSub: client}, nil
}

// Storage returns the client for buckets.
func (c *Cloud) Storage(ctx context.Context) (*storage.Client, error) {
	if c.storage != nil {
		return c.storage, nil
	}
	var err error
	c.storage, err = openStorage(ctx)
	return c.storage, err
}

func openStorage(ctx context.Context) (*storage.Client, error) {
	client, err := storage.NewClient(ctx)
	if err != nil {
		return nil, fmt.Errorf("Cloud Storage: %w: %s", err, credentials)
	}
	return client, nil
}

// Close closes the clients.
func (c *Cloud) Close() error {
	var err error
	if c.storage != nil {
		err = c.storage.Close()
	}
	return errors.Join(err, c.PubSub.Close())
}

// CheckOutcomes reports why outcomes could not be published for a queue, as far as that can be
// known: an account that may publish need not be allowed to look.
func (c *Cloud) CheckOutcomes(ctx context.Context, queue string) error {
	ctx, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	topic := "projects/" + c.Project + "/topics/" + outcomes.Name(queue)
	_, err := c.PubSub.TopicAdminClient.GetTopic(ctx, &pubsubpb.GetTopicRequest{Topic: topic})
	if err == nil || status.Code(err) == codes.PermissionDenied {
		return nil
	}
	return c.Explain(fmt.Errorf("%s: %w", topic, err))
}

// Explain adds to an error of Pub/Sub what a person can do about it.
func (c *Cloud) Explain(err error) error {
	what := ""
	switch code(err) {
	case codes.NotFound:
		what = fmt.Sprintf("is --project %s right? If so, run burnish setup first", c.Project)
	case codes.PermissionDenied:
		what = fmt.Sprintf("the account that runs this lacks a role in project %s; docs/deployment.md lists them", c.Project)
	case codes.Unauthenticated:
		what = credentials
	case codes.Unavailable, codes.DeadlineExceeded:
		what = "Pub/Sub does not answer: is the network up, and PUBSUB_EMULATOR_HOST unset or right?"
	default:
		return err
	}
	return fmt.Errorf("%w\n%s", err, what)
}

// code is the gRPC code that an error wraps, or OK where it wraps none.
func code(err error) codes.Code {
	var s interface{ GRPCStatus() *status.Status }
	switch {
	case errors.As(err, &s):
		return s.GRPCStatus().Code()
	case errors.Is(err, context.DeadlineExceeded):
		return codes.DeadlineExceeded
	}
	return codes.OK
}
