package setup

import (
	"context"
	"errors"
	"fmt"

	"github.com/googleapis/gax-go/v2/apierror"
	"google.golang.org/grpc/codes"
)

// Explain adds to an error of Pub/Sub or Cloud Storage what a person can do about it.
func (c *Cloud) Explain(err error) error {
	if disabled := c.Disabled(err); disabled != nil {
		return disabled
	}
	what := ""
	switch Code(err) {
	case codes.NotFound:
		what = fmt.Sprintf("is --project %s right? If so, run burnish setup first", c.Project)
	case codes.PermissionDenied:
		what = fmt.Sprintf("the account that runs this lacks a role in project %s; docs/deployment.md lists them", c.Project)
	case codes.Unauthenticated:
		what = credentials
	case codes.Unavailable, codes.DeadlineExceeded:
		what = "the service does not answer: is the network up, and PUBSUB_EMULATOR_HOST unset or right?"
	default:
		return err
	}
	return fmt.Errorf("%w\n%s", err, what)
}

// Disabled explains an error that is about a whole project: an API that is not enabled, or a
// project that is none. It returns nil for every other.
//
// https://docs.cloud.google.com/apis/design/errors lists the reasons.
func (c *Cloud) Disabled(err error) error {
	api, ok := apierror.FromError(err)
	if !ok {
		return nil
	}
	switch api.Reason() {
	case "SERVICE_DISABLED":
		return fmt.Errorf("%w\nenable it and wait a minute: gcloud services enable %s --project=%s", err, api.Metadata()["service"], c.Project)
	case "CONSUMER_INVALID", "USER_PROJECT_DENIED", "RESOURCE_PROJECT_INVALID", "BILLING_DISABLED":
		return fmt.Errorf("%w\nis --project %s right, and has it a billing account?", err, c.Project)
	}
	return nil
}

// Code is the gRPC code that an error of Pub/Sub or Cloud Storage wraps or amounts to, or OK
// where it wraps none.
func Code(err error) codes.Code {
	if errors.Is(err, context.DeadlineExceeded) {
		return codes.DeadlineExceeded
	}
	if api, ok := apierror.FromError(err); ok {
		return api.GRPCStatus().Code()
	}
	return codes.OK
}
