// Package cloudtest is Pub/Sub and Cloud Storage with IAM, in process, for tests of who may do
// what.
//
// The official emulator has no IAM and keeps messages for a week at most, and no server of
// buckets that runs here has IAM. There are no messages and no objects: both have servers.
package cloudtest

import (
	"net"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc"
)

// Project is the only project, and Number its number.
const (
	Project = "test-project"
	Number  = "424242"
)

// Cloud is the services of one project. Its fields may be changed between calls, which come one
// after the other.
type Cloud struct {
	Policies *Policies
	Buckets  map[string]*Bucket

	// Denied names methods that the caller may not use: those of Pub/Sub's IAM as SetIamPolicy,
	// those of Cloud Storage as the path after /storage/v1/ begins, of an upload as all of it.
	Denied []string

	// Have is what TestIamPermissions answers, by resource.
	Have map[string][]string

	topics map[string]*pubsubpb.Topic
	subs   map[string]*pubsubpb.Subscription
}

// Start starts the services and leads the clients of this process to them until the test ends.
func Start(t *testing.T) *Cloud {
	t.Helper()
	c := &Cloud{
		Policies: &Policies{byResource: make(map[string]*iampb.Policy)},
		Buckets:  make(map[string]*Bucket),
		Have:     make(map[string][]string),
		topics:   make(map[string]*pubsubpb.Topic),
		subs:     make(map[string]*pubsubpb.Subscription),
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	pubsubpb.RegisterPublisherServer(server, &publisher{Cloud: c})
	pubsubpb.RegisterSubscriberServer(server, &subscriber{Cloud: c})
	iampb.RegisterIAMPolicyServer(server, &pubsubIAM{Cloud: c})
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	web := httptest.NewServer(c.storage())
	t.Cleanup(web.Close)
	t.Setenv("PUBSUB_EMULATOR_HOST", listener.Addr().String())
	t.Setenv("STORAGE_EMULATOR_HOST", strings.TrimPrefix(web.URL, "http://"))
	return c
}

func (c *Cloud) denied(method string) bool {
	for _, d := range c.Denied {
		if strings.HasPrefix(method, d) {
			return true
		}
	}
	return false
}

// has returns those of the permissions that the caller has on a resource.
func (c *Cloud) has(resource string, permissions []string) []string {
	return slices.DeleteFunc(slices.Clone(permissions), func(p string) bool { return !slices.Contains(c.Have[resource], p) })
}
