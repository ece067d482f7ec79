package provision

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/storage"
	"github.com/googleapis/gax-go/v2"

	"burnish/cmd/internal/setup"
	"burnish/queue"
)

// buckets makes sure that the buckets of both ends are there and make no loop. It returns the
// number of the project that the source's bucket is in, where that is told.
func (l *look) buckets(ctx context.Context) (source string, err error) {
	for _, end := range []struct {
		flag  string
		place setup.Place
	}{{"--source", l.fleet.Ends.Source}, {"--dest", l.fleet.Ends.Dest}} {
		if end.place.Bucket == "" {
			continue
		}
		attrs, err := l.bucket(ctx, end.place.Bucket)
		if err != nil {
			return "", fmt.Errorf("%s %s: %w", end.flag, end.place, err)
		}
		if end.flag == "--source" && attrs.ProjectNumber != 0 {
			source = strconv.FormatUint(attrs.ProjectNumber, 10)
		}
	}
	return source, l.refuseLoop(ctx)
}

func (l *look) bucket(ctx context.Context, name string) (*storage.BucketAttrs, error) {
	client, err := l.cloud.Storage(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	attrs, err := client.Bucket(name).Attrs(ctx)
	if missing(err) {
		return nil, advise(err, "make it with\ngcloud storage buckets create gs://%s --project=%s", name, l.cloud.Project)
	}
	return attrs, err
}

// refuseLoop looks for a notification, by whomever and of whatever event, that brings what
// Burnish writes into one of its own topics. To the lanes each variant would be another job; to
// the outcomes each segment of the ledger would be another outcome, for ever.
func (l *look) refuseLoop(ctx context.Context) error {
	dest := l.fleet.Ends.Dest
	if dest.Bucket == "" {
		return nil
	}
	there, err := l.notifications(ctx, dest.Bucket)
	if err != nil {
		return err
	}
	topics, _ := l.wanted()
	for _, n := range there {
		for _, t := range topics {
			if l.leadsTo(n, t.Name) && setup.Overlap(n.ObjectNamePrefix, dest.Prefix) {
				return fmt.Errorf("%w: notification %s of bucket %s tells %s of objects below %q, where Burnish writes to; delete it with\n"+
					"gcloud storage buckets notifications delete projects/_/buckets/%s/notificationConfigs/%s",
					setup.ErrLoop, n.ID, dest.Bucket, t.Name, n.ObjectNamePrefix, dest.Bucket, n.ID)
			}
		}
	}
	return nil
}

// leadsTo reports whether a notification goes to a topic. The service may name the project by
// its number; where that is not known, every number is taken for this project's.
func (l *look) leadsTo(n *storage.Notification, topic string) bool {
	if n.TopicID != path.Base(topic) {
		return false
	}
	switch n.TopicProjectID {
	case l.cloud.Project, l.number:
		return true
	}
	return l.number == "" && IsNumber(n.TopicProjectID)
}

// finalizes reports whether new bytes are among the events.
func finalizes(n *storage.Notification) bool {
	return len(n.EventTypes) == 0 || slices.Contains(n.EventTypes, storage.ObjectFinalizeEvent)
}

func (l *look) notifications(ctx context.Context, bucket string) ([]*storage.Notification, error) {
	client, err := l.cloud.Storage(ctx)
	if err != nil {
		return nil, err
	}
	byID, err := client.Bucket(bucket).Notifications(ctx)
	if err != nil {
		return nil, fmt.Errorf("notifications of bucket %s: %w", bucket, err)
	}
	var list []*storage.Notification
	for _, n := range byID {
		list = append(list, n)
	}
	slices.SortFunc(list, func(a, b *storage.Notification) int { return strings.Compare(a.ID, b.ID) })
	return list, nil
}

// notification looks whether uploads are told of. One that tells of more than the source does
// as well: workers leave out what is not below it.
func (l *look) notification(ctx context.Context) ([]Step, error) {
	source := l.fleet.Ends.Source
	if !l.fleet.Notify || source.Bucket == "" {
		return nil, nil
	}
	there, err := l.notifications(ctx, source.Bucket)
	if err != nil {
		return nil, fmt.Errorf("%w (--no-notify leaves them alone)", err)
	}
	step := Step{What: fmt.Sprintf("notification of %s to %s", source, l.upload()), Verb: Create, make: l.notify}
	for _, n := range there {
		if l.leadsTo(n, l.upload()) && finalizes(n) && strings.HasPrefix(source.Prefix, n.ObjectNamePrefix) {
			step.Verb, step.make = Keep, nil
		}
	}
	return []Step{step}, nil
}

// propagation is how long a grant may take until Cloud Storage acts by it.
//
// https://docs.cloud.google.com/iam/docs/access-change-propagation
const propagation = 2 * time.Minute

// notify makes the notification. Cloud Storage refuses until its account may publish.
func (l *look) notify(ctx context.Context) error {
	client, err := l.cloud.Storage(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, propagation)
	defer cancel()
	wait := gax.Backoff{Initial: time.Second, Max: 15 * time.Second, Multiplier: 2}
	for {
		_, err := client.Bucket(l.fleet.Ends.Source.Bucket).AddNotification(ctx, &storage.Notification{
			TopicProjectID:   l.cloud.Project,
			TopicID:          l.lane(queue.Upload),
			EventTypes:       []string{storage.ObjectFinalizeEvent},
			ObjectNamePrefix: l.fleet.Ends.Source.Prefix,
			PayloadFormat:    storage.NoPayload, // the attributes say all
		})
		if !denied(err) {
			return err
		}
		if !l.granted || gax.Sleep(ctx, wait.Pause()) != nil {
			return advise(err, "Cloud Storage's own account must be allowed to publish to %s, and you to change the bucket", l.upload())
		}
	}
}
