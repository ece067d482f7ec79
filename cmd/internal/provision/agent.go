package provision

import (
	"context"
	"fmt"
	"regexp"
	"strconv"

	"cloud.google.com/go/iam/apiv1/iampb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"burnish/queue"
)

// findService learns whether the service is the emulator and, where it is not, the project's
// number, of which the names of Google's own accounts are made.
func (l *look) findService(ctx context.Context) error {
	_, err := l.cloud.PubSub.TopicAdminClient.GetIamPolicy(ctx, &iampb.GetIamPolicyRequest{Resource: l.upload()})
	switch status.Code(err) {
	case codes.Unimplemented:
		l.emulated = true
		return nil
	case codes.OK, codes.NotFound:
	case codes.PermissionDenied: // of policies, perhaps of nothing else
		if l.cloud.Disabled(err) != nil {
			return err
		}
	default:
		return fmt.Errorf("topic %s: %w", l.lane(queue.Upload), err)
	}
	if l.number = l.fleet.Number; l.number == "" && l.fleet.Grant {
		l.number, l.unknown = l.findNumber(ctx)
	}
	return nil
}

// storageAgent is the form of the accounts by which Cloud Storage acts.
var storageAgent = regexp.MustCompile(`^service-([0-9]+)@gs-project-accounts\.`)

// findNumber reads the number out of the name of Cloud Storage's account in the project. That
// takes the permission resourcemanager.projects.get, and no API that a fleet does not need.
func (l *look) findNumber(ctx context.Context) (string, error) {
	client, err := l.cloud.Storage(ctx)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	account, err := client.ServiceAccount(ctx, l.cloud.Project)
	if err != nil {
		return "", err
	}
	match := storageAgent.FindStringSubmatch(account)
	if match == nil {
		return "", fmt.Errorf("the account of Cloud Storage there is %s, which has no number in it", account)
	}
	return match[1], nil
}

// agents names the accounts by which Pub/Sub publishes dead letters in one project, and Cloud
// Storage notifications of the buckets of another. They are empty where a number is.
func agents(number, source string) (pubsub, storage string) {
	if number != "" {
		pubsub = "serviceAccount:service-" + number + "@gcp-sa-pubsub.iam.gserviceaccount.com"
	}
	if source == "" {
		source = number
	}
	if source != "" {
		storage = "serviceAccount:service-" + source + "@gs-project-accounts.iam.gserviceaccount.com"
	}
	return pubsub, storage
}

// withoutNumber says what to do where the project's number could not be found.
func (l *look) withoutNumber() Step {
	return Step{
		Verb: ByHand,
		What: "roles of Google's own accounts in project " + l.cloud.Project,
		Notes: []string{
			fmt.Sprintf("its number could not be found: %v", l.unknown),
			"run this again with --project-number set to what this prints:",
			fmt.Sprintf("gcloud projects describe %s --format='value(projectNumber)'", l.cloud.Project),
		},
	}
}

// IsNumber reports whether a text names a project by its number.
func IsNumber(project string) bool {
	_, err := strconv.ParseUint(project, 10, 64)
	return err == nil
}
