package provision

import (
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/protobuf/types/known/durationpb"

	"burnish/queue"
	"burnish/queue/pubsub"
	"burnish/worker/outcomes"
)

// week is the longest that the emulator keeps a message on a subscription.
const week = 7 * 24 * time.Hour

// wanted lists the topics and subscriptions of the fleet: those of the lanes, and one of each
// for outcomes. Outcomes have no dead letters: what is none goes into the ledger as malformed.
func (l *look) wanted() (topics []*pubsubpb.Topic, subs []*pubsubpb.Subscription) {
	project, id := l.cloud.Project, outcomes.Name(l.fleet.Name)
	topics, subs = pubsub.Resources(project, l.fleet.Name, l.fleet.Attempts)
	topics = append(topics, &pubsubpb.Topic{Name: l.topic(id)})
	subs = append(subs, pubsub.Subscription(project, id))
	if l.emulated {
		for _, s := range subs {
			s.MessageRetentionDuration = durationpb.New(week)
		}
	}
	return topics, subs
}

// upload is the topic to which the source's bucket tells of new objects.
func (l *look) upload() string { return l.topic(l.lane(queue.Upload)) }

// lane names the topic and the subscription of a lane.
func (l *look) lane(lane queue.Lane) string { return l.fleet.Name + "-" + string(lane) }

// Roles that are granted on one topic, subscription or bucket each.
const (
	publisher     = "roles/pubsub.publisher"
	subscriber    = "roles/pubsub.subscriber"
	objectViewer  = "roles/storage.objectViewer"
	objectUser    = "roles/storage.objectUser"
	objectCreator = "roles/storage.objectCreator" // a recorder only adds segments
)

// wantedGrants lists the grants of the fleet. Pubsub and storage are Google's own accounts, by
// which dead letters and notifications are published.
func (l *look) wantedGrants(pubsub, storage string) []grant {
	f := l.fleet
	var list []grant
	add := func(member, role string, on ...resource) {
		for _, r := range on {
			if member != "" {
				list = append(list, grant{member, role, r})
			}
		}
	}
	var lanes, dead []resource
	for _, lane := range queue.Lanes {
		letters := outcomes.DeadName(f.Name, lane)
		add(pubsub, publisher, l.topicResource(letters))
		lanes = append(lanes, l.subscriptionResource(l.lane(lane)))
		dead = append(dead, l.subscriptionResource(letters))
	}
	add(pubsub, subscriber, lanes...)
	if f.Notify && f.Ends.Source.Bucket != "" {
		add(storage, publisher, l.topicResource(l.lane(queue.Upload)))
	}
	add(f.Worker, subscriber, lanes...)
	add(f.Worker, publisher, l.topicResource(outcomes.Name(f.Name)))
	add(f.Recorder, subscriber, l.subscriptionResource(outcomes.Name(f.Name)))
	add(f.Recorder, subscriber, dead...)
	if source := f.Ends.Source; source.Bucket != "" {
		add(f.Worker, objectViewer, l.bucketResource(source.Bucket))
	}
	if dest := f.Ends.Dest; dest.Bucket != "" {
		add(f.Worker, objectUser, l.bucketResource(dest.Bucket))
		add(f.Recorder, objectCreator, l.bucketResource(dest.Bucket))
		add(f.Recorder, objectViewer, l.bucketResource(dest.Bucket))
	}
	return list
}
