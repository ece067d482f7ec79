package provision

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/google/go-cmp/cmp"
	storage "google.golang.org/api/storage/v1"
	"google.golang.org/genproto/googleapis/type/expr"

	"burnish/cmd/internal/cloudtest"
	"burnish/cmd/internal/setup"
)

// Who may do what is tested here; what the official emulator does with the topics and
// subscriptions, with real processes, beside cmd/burnish.

const (
	pubsubAgent = "serviceAccount:service-" + cloudtest.Number + "@gcp-sa-pubsub.iam.gserviceaccount.com"
	workers     = "serviceAccount:worker@test-project.iam.gserviceaccount.com"
	recorders   = "principal://iam.googleapis.com/projects/424242/locations/global/workloadIdentityPools/p/subject/ns/n/sa/recorder"
	topics      = "projects/test-project/topics/"
	subs        = "projects/test-project/subscriptions/"
)

// open starts the services with a source, a destination and a fleet that is nowhere yet.
func open(t *testing.T) (*cloudtest.Cloud, *setup.Cloud, Fleet) {
	t.Helper()
	c := cloudtest.Start(t)
	c.Buckets["in"], c.Buckets["out"] = new(cloudtest.Bucket), new(cloudtest.Bucket)
	cloud, err := setup.OpenCloud(t.Context(), cloudtest.Project)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cloud.Close() })
	ends, err := setup.ParseEnds("gs://in/photos", "gs://out")
	if err != nil {
		t.Fatal(err)
	}
	return c, cloud, Fleet{
		Name: "burnish", Attempts: 10, Ends: ends, Notify: true, Grant: true,
		Worker: workers, Recorder: recorders,
	}
}

func lookAt(t *testing.T, cloud *setup.Cloud, f Fleet) []Step {
	t.Helper()
	steps, err := Look(t.Context(), cloud, f)
	if err != nil {
		t.Fatal(err)
	}
	return steps
}

func makeAll(t *testing.T, steps []Step) {
	t.Helper()
	for _, s := range steps {
		if err := s.Make(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// verbs counts the steps of each verb.
func verbs(steps []Step) map[Verb]int {
	n := make(map[Verb]int)
	for _, s := range steps {
		n[s.Verb]++
	}
	return n
}

func TestFromNothing(t *testing.T) {
	c, cloud, f := open(t)
	steps := lookAt(t, cloud, f)
	// 7 topics, 7 subscriptions and a notification; 6 roles for dead letters, one for uploads, 6
	// of workers and 6 of recorders.
	if diff := cmp.Diff(map[Verb]int{Create: 15, Grant: 19}, verbs(steps)); diff != "" {
		t.Fatal(diff)
	}
	if c.Policies.Writes() > 0 {
		t.Error("a look has changed something")
	}
	makeAll(t, steps)
	for _, lane := range []string{"upload", "rerun", "backfill"} {
		for _, want := range []struct{ resource, role, member string }{
			{topics + "burnish-" + lane + "-dead", publisher, pubsubAgent},
			{subs + "burnish-" + lane, subscriber, pubsubAgent},
			{subs + "burnish-" + lane, subscriber, workers},
			{subs + "burnish-" + lane + "-dead", subscriber, recorders},
		} {
			if !c.Policies.Holds(want.resource, want.role, want.member) {
				t.Errorf("not granted: %+v", want)
			}
		}
	}
	for _, want := range []struct{ resource, role, member string }{
		{topics + "burnish-upload", publisher, cloudtest.Agent},
		{topics + "burnish-outcomes", publisher, workers},
		{subs + "burnish-outcomes", subscriber, recorders},
		{cloudtest.BucketResource("in"), objectViewer, workers},
		{cloudtest.BucketResource("out"), objectUser, workers},
		{cloudtest.BucketResource("out"), objectCreator, recorders},
		{cloudtest.BucketResource("out"), objectViewer, recorders},
	} {
		if !c.Policies.Holds(want.resource, want.role, want.member) {
			t.Errorf("not granted: %+v", want)
		}
	}
	if n := c.Buckets["in"].Notifications; len(n) != 1 || n[0].ObjectNamePrefix != "photos/" {
		t.Errorf("notifications: %+v", n)
	}
	writes := c.Policies.Writes()
	again := lookAt(t, cloud, f)
	if diff := cmp.Diff(map[Verb]int{Keep: len(steps)}, verbs(again)); diff != "" {
		t.Errorf("a second look: %s", diff)
	}
	makeAll(t, again)
	if c.Policies.Writes() != writes || len(c.Buckets["in"].Notifications) != 1 {
		t.Error("the second time has changed something")
	}
}

func TestOthersGrantsStay(t *testing.T) {
	c, cloud, f := open(t)
	makeAll(t, lookAt(t, cloud, Fleet{Name: f.Name, Attempts: f.Attempts, Ends: f.Ends}))
	conditional := &iampb.Binding{
		Role: publisher, Members: []string{pubsubAgent},
		Condition: &expr.Expr{Expression: "request.time < timestamp('2030-01-01T00:00:00Z')", Title: "until 2030"},
	}
	dead := topics + "burnish-upload-dead"
	places := []string{dead, subs + "burnish-upload", cloudtest.BucketResource("out")}
	for _, place := range places {
		c.Policies.Bind(place, &iampb.Binding{Role: "roles/viewer", Members: []string{"user:a@example.com"}})
		c.Policies.Bind(place, conditional)
	}
	c.Policies.Bind(dead, &iampb.Binding{Role: publisher, Members: []string{"user:b@example.com"}})
	c.Policies.Audit(dead, &iampb.AuditConfig{Service: "allServices"})
	makeAll(t, lookAt(t, cloud, f))
	for _, place := range places {
		p := c.Policies.Get(place)
		if !c.Policies.Holds(place, "roles/viewer", "user:a@example.com") {
			t.Errorf("%s has lost a viewer: %v", place, p)
		}
		if !slices.ContainsFunc(p.Bindings, func(b *iampb.Binding) bool { return b.GetCondition().GetTitle() == "until 2030" }) {
			t.Errorf("%s has lost a condition: %v", place, p)
		}
	}
	// What is granted until 2030 is not what is wanted.
	for _, member := range []string{pubsubAgent, "user:b@example.com"} {
		if !c.Policies.Holds(dead, publisher, member) {
			t.Errorf("%s may not publish to %s", member, dead)
		}
	}
	if p := c.Policies.Get(dead); len(p.AuditConfigs) != 1 {
		t.Errorf("the audit configuration is lost: %v", p)
	}
}

func TestSomebodyElseGrantsMeanwhile(t *testing.T) {
	c, cloud, f := open(t)
	makeAll(t, lookAt(t, cloud, Fleet{Name: f.Name, Attempts: f.Attempts, Ends: f.Ends}))
	steps := lookAt(t, cloud, f)
	times := make(map[string]int)
	c.Policies.Between = func(resource string) {
		if times[resource]++; times[resource] <= 2 {
			c.Policies.Bind(resource, &iampb.Binding{Role: "roles/viewer", Members: []string{"user:" + resource}})
		}
	}
	makeAll(t, steps)
	for _, place := range []string{topics + "burnish-upload-dead", cloudtest.BucketResource("in")} {
		if times[place] < 3 || !c.Policies.Holds(place, "roles/viewer", "user:"+place) {
			t.Errorf("%s was read %d times: %v", place, times[place], c.Policies.Get(place))
		}
	}
	c.Policies.Between = nil
	if n := verbs(lookAt(t, cloud, f)); n[Grant] > 0 {
		t.Errorf("still to be granted: %d", n[Grant])
	}
}

func TestWithoutRights(t *testing.T) {
	const command = "gcloud pubsub topics add-iam-policy-binding burnish-upload-dead --project=test-project --member=" +
		pubsubAgent + " --role=roles/pubsub.publisher"
	t.Run("to look", func(t *testing.T) {
		c, cloud, f := open(t)
		c.Denied = []string{"GetIamPolicy", "b/out/iam", "b/in/iam"}
		steps := lookAt(t, cloud, f)
		if n := verbs(steps); n[ByHand] != 19 || n[Create] != 15 {
			t.Errorf("got %v", n)
		}
		if !slices.ContainsFunc(steps, func(s Step) bool { return slices.Contains(s.Notes, command) }) {
			t.Errorf("it does not say %q", command)
		}
	})
	t.Run("to grant", func(t *testing.T) {
		c, cloud, f := open(t)
		c.Denied = []string{"SetIamPolicy"}
		var said []string
		for _, s := range lookAt(t, cloud, f) {
			if err := s.Make(t.Context()); err != nil {
				said = append(said, strings.Split(err.Error(), "\n")...)
			}
		}
		if !slices.Contains(said, command) {
			t.Errorf("it does not say %q but %q", command, said)
		}
		// The account of Cloud Storage could not be granted its role, and nobody waits for that.
		if len(c.Buckets["in"].Notifications) > 0 {
			t.Error("the notification was made")
		}
	})
	t.Run("to see the project", func(t *testing.T) {
		c, cloud, f := open(t)
		c.Denied = []string{"projects/"}
		steps := lookAt(t, cloud, f)
		i := slices.IndexFunc(steps, func(s Step) bool { return s.Verb == ByHand })
		if i < 0 || !strings.Contains(strings.Join(steps[i].Notes, "\n"), "--project-number") {
			t.Errorf("it does not ask for the number: %+v", steps)
		}
		f.Number = cloudtest.Number
		if n := verbs(lookAt(t, cloud, f)); n[ByHand] > 0 || n[Grant] != 19 {
			t.Errorf("with the number: %v", n)
		}
	})
}

// TestGrantsTakeTime makes the notification although the grant that it needs is not in force at
// once.
func TestGrantsTakeTime(t *testing.T) {
	c, cloud, f := open(t)
	c.Buckets["in"].Lag = 1
	makeAll(t, lookAt(t, cloud, f))
	if len(c.Buckets["in"].Notifications) != 1 {
		t.Error("no notification")
	}
}

func TestWiderNotificationIsEnough(t *testing.T) {
	c, cloud, f := open(t)
	note := func(topic, prefix string, events ...string) *storage.Notification {
		return &storage.Notification{
			Id: "1", Topic: "//pubsub.googleapis.com/projects/" + topic, ObjectNamePrefix: prefix,
			EventTypes: events, PayloadFormat: "NONE",
		}
	}
	for _, tt := range []struct {
		name string
		n    *storage.Notification
		want Verb
	}{
		{"the same", note("test-project/topics/burnish-upload", "photos/", "OBJECT_FINALIZE"), Keep},
		{"by the project's number", note("424242/topics/burnish-upload", "photos/", "OBJECT_FINALIZE"), Keep},
		{"of the whole bucket and all events", note("test-project/topics/burnish-upload", ""), Keep},
		{"of a part", note("test-project/topics/burnish-upload", "photos/a/", "OBJECT_FINALIZE"), Create},
		{"of deletes", note("test-project/topics/burnish-upload", "photos/", "OBJECT_DELETE"), Create},
		{"of another project", note("777/topics/burnish-upload", "photos/", "OBJECT_FINALIZE"), Create},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c.Buckets["in"].Notifications = []*storage.Notification{tt.n}
			steps := lookAt(t, cloud, f)
			if last := steps[len(steps)-1]; last.Verb != tt.want {
				t.Errorf("got %+v, want %v", last, tt.want)
			}
		})
	}
}

// TestLoop is about what the emulator and its storage server cannot show: with the project's
// number known, another project's topic of the same name is none of ours.
func TestLoop(t *testing.T) {
	c, cloud, f := open(t)
	for project, loop := range map[string]bool{"424242": true, "777": false} {
		c.Buckets["out"].Notifications = []*storage.Notification{
			{Id: "1", Topic: "//pubsub.googleapis.com/projects/" + project + "/topics/burnish-outcomes", PayloadFormat: "NONE"},
		}
		if _, err := Look(t.Context(), cloud, f); errors.Is(err, setup.ErrLoop) != loop {
			t.Errorf("a notification to project %s: %v", project, err)
		}
	}
}

func TestNoSuchProjectOrBucket(t *testing.T) {
	_, cloud, f := open(t)
	f.Ends.Dest.Bucket = "nowhere"
	if _, err := Look(t.Context(), cloud, f); err == nil || !strings.Contains(err.Error(), "gcloud storage buckets create gs://nowhere") {
		t.Errorf("got %v", err)
	}
}

func TestSubscriptionsOfAnEarlierTime(t *testing.T) {
	_, cloud, f := open(t)
	f.Grant, f.Notify = false, false
	admin := cloud.PubSub.SubscriptionAdminClient
	makeAll(t, lookAt(t, cloud, f)[:7]) // the topics
	for _, s := range []*pubsubpb.Subscription{
		{Name: subs + "burnish-upload", Topic: topics + "burnish-upload", AckDeadlineSeconds: 10, EnableExactlyOnceDelivery: true},
		{Name: subs + "burnish-rerun", Topic: topics + "burnish-upload"},
		{Name: subs + "burnish-backfill", Topic: topics + "burnish-backfill", Filter: `attributes:a`, EnableMessageOrdering: true},
	} {
		if _, err := admin.CreateSubscription(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	steps := lookAt(t, cloud, f)
	got := make(map[string][]string)
	for _, s := range steps {
		if s.Verb == Change || s.Verb == ByHand {
			got[strings.TrimPrefix(s.What, "subscription "+subs)] = s.Notes
		}
	}
	policy := []string{
		"retention: 7 days → 31 days",
		"dead letters go to: nowhere → " + topics + "burnish-upload-dead",
		"dead after deliveries: 0 → 10",
		"wait before the next delivery: none → 1s to 1m0s",
	}
	want := append([]string{"exactly-once delivery: on → off", "ack deadline: 10s → 1m0s"}, policy...)
	if diff := cmp.Diff(want, slices.DeleteFunc(got["burnish-upload"], func(s string) bool { return strings.HasPrefix(s, "expires") })); diff != "" {
		t.Error(diff)
	}
	for name, says := range map[string]string{
		"burnish-rerun":    "let topic be changed",
		"burnish-backfill": "let filter, message ordering be changed",
	} {
		if text := strings.Join(got[name], "\n"); !strings.Contains(text, says) || !strings.Contains(text, "subscriptions delete "+name) {
			t.Errorf("%s: %s", name, text)
		}
	}
	makeAll(t, steps)
	for _, s := range lookAt(t, cloud, f) {
		if s.Verb == Change || s.Verb == Create {
			t.Errorf("still to be done: %+v", s)
		}
	}
}
