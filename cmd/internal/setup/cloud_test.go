package setup

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/api/googleapi"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestParseEnds(t *testing.T) {
	for _, tt := range []struct {
		name, source, dest string
		loop               bool
		says               string // the error, empty for none
	}{
		{name: "two buckets", source: "gs://in", dest: "gs://out"},
		{name: "a folder and a bucket", source: "photos", dest: "gs://out"},
		{name: "two folders", source: "photos", dest: "out"},
		{name: "prefixes beside each other", source: "gs://b/in", dest: "gs://b/out/"},
		{name: "prefixes that begin alike", source: "gs://b/in", dest: "gs://b/in-out"},
		{name: "one bucket", source: "gs://b", dest: "gs://b/", loop: true},
		{name: "one prefix", source: "gs://b/p", dest: "gs://b/p/", loop: true},
		{name: "destination within the source", source: "gs://b", dest: "gs://b/out", loop: true},
		{name: "source within the destination", source: "gs://b/in", dest: "gs://b", loop: true},
		{name: "no bucket", source: "gs://", dest: "gs://out", says: `source "gs://"`},
		{name: "two slashes", source: "gs://in", dest: "gs://out//p", says: `destination "gs://out//p"`},
		{name: "another service", source: "s3://in", dest: "gs://out", says: `source "s3://in"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseEnds(tt.source, tt.dest)
			if errors.Is(err, ErrLoop) != tt.loop {
				t.Errorf("got %v; a loop: %v", err, tt.loop)
			}
			if !tt.loop && (err != nil) != (tt.says != "") || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %q", err, tt.says)
			}
		})
	}
}

func TestPhoto(t *testing.T) {
	whole, below := Place{Bucket: "in"}, Place{Bucket: "in", Prefix: "p/"}
	for _, tt := range []struct {
		place          Place
		bucket, object string
		key            string // empty if it is no photo of the place
	}{
		{whole, "in", "a/b.jpg", "a/b.jpg"},
		{below, "in", "p/a/b.jpg", "a/b.jpg"},
		{below, "in", "q/a.jpg", ""},
		{below, "in", "p", ""},
		{below, "in", "p/", ""},
		{below, "in", "p/a/", ""},
		{whole, "out", "a.jpg", ""},
	} {
		key, ok := tt.place.Photo(tt.bucket, tt.object)
		if ok != (tt.key != "") || ok && string(key) != tt.key {
			t.Errorf("%s in %s for %s: %q, %v; want %q", tt.object, tt.bucket, tt.place, key, ok, tt.key)
		}
	}
}

// because returns an error as the services give it, with a reason.
func because(reason string) error {
	info := &errdetails.ErrorInfo{Reason: reason, Domain: "googleapis.com", Metadata: map[string]string{"service": "pubsub.googleapis.com"}}
	s, err := status.New(codes.PermissionDenied, "no").WithDetails(info)
	if err != nil {
		panic(err)
	}
	return s.Err()
}

func TestExplain(t *testing.T) {
	c := &Cloud{Project: "p"}
	for _, tt := range []struct {
		name string
		err  error
		says string
	}{
		{"missing", status.Error(codes.NotFound, "no"), "--project p"},
		{"forbidden", status.Error(codes.PermissionDenied, "no"), "role"},
		{"nobody", status.Error(codes.Unauthenticated, "no"), "gcloud auth"},
		{"silent", status.Error(codes.Unavailable, "no"), "does not answer"},
		{"slow", context.DeadlineExceeded, "does not answer"},
		{"a bucket", &googleapi.Error{Code: 403, Message: "no"}, "role"},
		{"an API that is off", because("SERVICE_DISABLED"), "gcloud services enable pubsub.googleapis.com --project=p"},
		{"a project that is none", because("CONSUMER_INVALID"), "--project p right"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wrapped := fmt.Errorf("topic t: %w", tt.err)
			err := c.Explain(wrapped)
			if !errors.Is(err, wrapped) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %q", err, tt.says)
			}
		})
	}
	if other := errors.New("a disk is full"); c.Explain(other) != other || c.Explain(nil) != nil {
		t.Error("it explains what is not of Pub/Sub")
	}
}
