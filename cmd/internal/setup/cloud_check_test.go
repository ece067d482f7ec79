package setup

import (
	"strings"
	"testing"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"

	"burnish/cmd/internal/cloudtest"
)

func TestCheck(t *testing.T) {
	const topics, subs = "projects/test-project/topics/", "projects/test-project/subscriptions/"
	c := cloudtest.Start(t)
	cloud, err := OpenCloud(t.Context(), cloudtest.Project)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cloud.Close() })
	expect := func(name string, check error, says ...string) {
		t.Helper()
		if (check == nil) != (len(says) == 0) {
			t.Errorf("%s: got %v", name, check)
		}
		for _, s := range says {
			if check != nil && !strings.Contains(check.Error(), s) {
				t.Errorf("%s: %q does not say %q", name, check, s)
			}
		}
	}

	expect("nothing is there", cloud.CheckWorker(t.Context(), "q"), topics+"q-outcomes", "burnish setup", "--project test-project")
	if _, err := cloud.PubSub.TopicAdminClient.CreateTopic(t.Context(), &pubsubpb.Topic{Name: topics + "q-outcomes"}); err != nil {
		t.Fatal(err)
	}
	expect("it may not publish", cloud.CheckWorker(t.Context(), "q"), topics+"q-outcomes", "pubsub.topics.publish", "roles/pubsub.publisher")
	c.Have[topics+"q-outcomes"] = []string{"pubsub.topics.publish"}
	expect("no lane", cloud.CheckWorker(t.Context(), "q"), subs+"q-upload", "burnish setup")

	// Whoever may consume need not be allowed to look.
	for _, lane := range []string{"upload", "rerun", "backfill"} {
		c.Have[subs+"q-"+lane] = []string{"pubsub.subscriptions.consume"}
	}
	expect("all is well", cloud.CheckWorker(t.Context(), "q"))
	expect("a recorder needs others", cloud.CheckRecorder(t.Context(), "q"), subs+"q-outcomes")
	for _, id := range []string{"outcomes", "upload-dead", "rerun-dead"} {
		c.Have[subs+"q-"+id] = []string{"pubsub.subscriptions.consume"}
	}
	expect("all but one", cloud.CheckRecorder(t.Context(), "q"), subs+"q-backfill-dead")
	c.Have[subs+"q-backfill-dead"] = []string{"pubsub.subscriptions.consume"}
	expect("all is well", cloud.CheckRecorder(t.Context(), "q"))
}

func TestOpenDestThatMayNotBeWrittenTo(t *testing.T) {
	c := cloudtest.Start(t)
	c.Buckets["out"] = new(cloudtest.Bucket)
	open := func() error {
		t.Helper()
		s := new(Stores)
		defer s.Close()
		_, err := s.OpenDest(t.Context(), Place{Bucket: "out", Prefix: "p/"})
		return err
	}
	// Below a prefix alone: the bucket says no, an attempt says yes.
	if err := open(); err != nil || c.Buckets["out"].Uploads != 1 {
		t.Errorf("after %d uploads: %v", c.Buckets["out"].Uploads, err)
	}
	c.Denied = []string{"upload/"}
	if err := open(); err == nil || !strings.Contains(err.Error(), "gs://out/p") || !strings.Contains(err.Error(), "may read there, not write") {
		t.Errorf("got %v", err)
	}
	c.Have[cloudtest.BucketResource("out")] = []string{"storage.objects.create"}
	if err := open(); err != nil || c.Buckets["out"].Uploads != 1 {
		t.Errorf("with the permission, after %d uploads: %v", c.Buckets["out"].Uploads, err)
	}
}
