package setup

import (
	"context"
	"errors"
	"fmt"
	"time"

	gcp "cloud.google.com/go/pubsub/v2"
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

// OpenCloud opens the clients of a project. It asks nothing of the services.
func OpenCloud(ctx context.Context, project string) (*Cloud, error) {
	client, err := gcp.NewClient(ctx, project)
	if err != nil {
		return nil, fmt.Errorf("Pub/Sub: %w: %s", err, credentials)
	}
	return &Cloud{Project: project, PubSub: client}, nil
}

// Close closes the clients.
func (c *Cloud) Close() error { return errors.Join(c.Stores.Close(), c.PubSub.Close()) }
