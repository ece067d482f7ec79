//go:build emulator

package main

import (
	"path/filepath"
	"strings"
	"testing"

	gcp "cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/storage"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ledger"
)

// TestFleet runs real processes against the official Pub/Sub emulator and a Cloud Storage
// server.
func TestFleet(t *testing.T) {
	c := newCloud(t)
	for name, test := range map[string]func(*testing.T, *fleet){
		"line": testLine, "folders": testFolders, "setup": testSetup, "observed": testObserved,
		"control": testControl, "refused": testRefused, "read-only": testReadOnly, "many": testMany,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // they mostly wait
			test(t, c.newFleet(t, name))
		})
	}
}

func testLine(t *testing.T, f *fleet) {
	f.setup(t)
	f.upload("photos/before.jpg", sample(t, "apple.jpg")) // waits for the first worker
	r, w := f.recorder(t), f.worker(t)
	photo := sample(t, "orange.jpg")
	f.upload("photos/during.jpg", photo)
	f.upload("photos/cut.jpg", photo[:len(photo)/2])
	f.upload("photos/folder/", "")     // only stands for a folder
	f.upload("elsewhere/a.jpg", photo) // not of this source
	f.upload("photos/asked.jpg", photo)
	f.ask(t, queue.Rerun, "r1", "asked.jpg", "gone.jpg")
	f.ask(t, queue.Backfill, "b1", "asked.jpg", "asked.jpg")
	f.send(t, "rerun", f.cloudEvent(t, "photos/during.jpg"))
	f.send(t, "upload",
		&gcp.Message{Data: []byte("not a job at all")},
		&gcp.Message{Attributes: map[string]string{"eventType": "OBJECT_DELETE", "bucketId": f.in(), "objectId": "photos/before.jpg"}})
	f.send(t, "outcomes", &gcp.Message{Data: []byte("not an outcome at all")})

	f.waitForOutcomes(t, map[job]imaging.Reason{
		{"upload", "before.jpg"}: "",
		{"upload", "during.jpg"}: "",
		{"upload", "cut.jpg"}:    imaging.Truncated,
		{"upload", "asked.jpg"}:  "",
		{"r1", "asked.jpg"}:      "",
		{"r1", "gone.jpg"}:       imaging.NotFound,
		{"rerun", "during.jpg"}:  "",
		{"b1", "asked.jpg"}:      "",
	}, "not a job at all", "not an outcome at all")
	w.stop(t)
	r.stop(t)
	f.expectNothingLeft(t)

	cmd := program(t, "failures", "gs://"+f.out())
	cmd.Env = append(cmd.Env, "STORAGE_EMULATOR_HOST="+f.storage)
	failures := finish(t, cmd)
	for _, s := range []string{"truncated: 1", "not_found: 1", "malformed: 2", "cut.jpg", "gone.jpg"} {
		if !strings.Contains(failures.stdout, s) {
			t.Errorf("failures does not say %q: %+v", s, failures)
		}
	}
}

// testFolders works on a mounted file system, where a folder has one writer.
func testFolders(t *testing.T, f *fleet) {
	f.setup(t)
	dir := t.TempDir()
	src, dst, records := filepath.Join(dir, "in"), filepath.Join(dir, "out"), filepath.Join(dir, "records")
	writeFile(t, filepath.Join(src, "a.jpg"), sample(t, "apple.jpg"))
	f.ask(t, queue.Backfill, "b1", "a.jpg")
	w := f.worker(t, "--source", src, "--dest", dst)
	waitFor(t, func() bool { return strings.Contains(w.said.String(), "working on") })
	for _, verb := range []string{"worker", "recorder"} {
		got := finish(t, f.verb(t, verb, "--source", src, "--dest", dst))
		if got.status != exitNotStarted || !strings.Contains(got.stderr, "another burnish is writing to this folder") {
			t.Errorf("a second writer, the %s: %+v", verb, got)
		}
	}
	start(t, f.verb(t, "recorder", "--every", "1s", "--dest", records))
	waitFor(t, func() bool { return files(filepath.Join(records, ledger.Folder("b1"))) > 0 })
	w.stop(t)
	if manifests, _ := published(t, dst); len(manifests) != 1 {
		t.Errorf("published %v", manifests)
	}
}

// waitForOutcomes waits until the ledger has as many outcomes as are expected, and compares.
// A reason is of a photo that failed, "" of one that is published; the texts are those of
// malformed messages.
func (f *fleet) waitForOutcomes(t *testing.T, want map[job]imaging.Reason, malformed ...string) {
	t.Helper()
	var got map[job]ledger.Outcome
	waitFor(t, func() bool {
		got = f.outcomes(t)
		return len(got) >= len(want)+len(malformed)
	})
	manifests, publish := f.manifests(t), make(map[queue.Key]bool)
	for j, reason := range want {
		o, ok := got[j]
		_, published := manifests[j.key]
		publish[j.key] = reason == ""
		switch {
		case !ok:
			t.Errorf("%v has no outcome", j)
		case o.Reason != reason && (reason != "" || o.Status == ledger.Failed), published != publish[j.key]:
			t.Errorf("%v ended as %+v, published: %v; want reason %q", j, o, published, reason)
		}
		delete(got, j)
	}
	for _, text := range malformed {
		for j, o := range got {
			if o.Reason == imaging.Malformed && strings.Contains(o.Message, text) {
				delete(got, j)
			}
		}
	}
	if len(got) > 0 {
		t.Errorf("nobody asked for %+v", got)
	}
	for key := range manifests {
		if !publish[key] {
			t.Errorf("nobody asked for %s, which is published", key)
		}
	}
}

func testSetup(t *testing.T, f *fleet) {
	const parts = 15 // topics, subscriptions and the notification; roles are tested where there is IAM
	dry := f.setup(t, "--dry-run")
	if n := strings.Count(dry, "would make"); n != parts || strings.Contains(dry, "there is") || !strings.Contains(dry, "left out     roles") {
		t.Errorf("of %d parts, a dry run would make %d:\n%s", parts, n, dry)
	}
	if again := f.setup(t, "--dry-run"); again != dry {
		t.Errorf("a dry run has changed something:\n%s", again)
	}
	if first := f.setup(t); strings.Count(first, "made  ") != parts {
		t.Errorf("the first setup:\n%s", first)
	}
	if second := f.setup(t); strings.Count(second, "there is") != parts || strings.Contains(second, "→") {
		t.Errorf("the second setup:\n%s", second)
	}
	if other := f.setup(t, "--attempts", "7"); strings.Count(other, "changed  ") != 3 ||
		strings.Count(other, "dead after deliveries: 5 → 7") != 3 {
		t.Errorf("a setup with other attempts:\n%s", other)
	}
	if again := f.setup(t, "--attempts", "7"); strings.Contains(again, "→") {
		t.Errorf("the same once more:\n%s", again)
	}
	testLoops(t, f)
}

// testLoops lets what Burnish writes come back to it in several ways.
func testLoops(t *testing.T, f *fleet) {
	out := f.buckets.Bucket(f.out())
	for _, tt := range []struct {
		name string
		n    storage.Notification
		loop bool
	}{
		{"of everything to the uploads", storage.Notification{TopicProjectID: project, TopicID: f.name + "-upload"}, true},
		{"of deletes to the outcomes", storage.Notification{
			TopicProjectID: project, TopicID: f.name + "-outcomes", EventTypes: []string{storage.ObjectDeleteEvent},
		}, true},
		{"below a prefix to dead letters", storage.Notification{
			TopicProjectID: project, TopicID: f.name + "-rerun-dead", ObjectNamePrefix: "variants/",
		}, true},
		{"to a project named by a number", storage.Notification{TopicProjectID: "123456", TopicID: f.name + "-upload"}, true},
		{"to another project", storage.Notification{TopicProjectID: "elsewhere", TopicID: f.name + "-upload"}, false},
		{"to another topic", storage.Notification{TopicProjectID: project, TopicID: f.name + "-uploads"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.n.PayloadFormat = storage.JSONPayload
			n, err := out.AddNotification(t.Context(), &tt.n)
			if err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{nil, {"--dry-run"}, {"--no-notify"}} {
				got := finish(t, f.verb(t, "setup", args...))
				if (got.status == exitNotStarted) != tt.loop || strings.Contains(got.stderr, "its own output") != tt.loop {
					t.Errorf("setup %q: %+v", args, got)
				}
			}
			if err := out.DeleteNotification(t.Context(), n.ID); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func testRefused(t *testing.T, f *fleet) {
	f.newFleet(t, "whole").setup(t)
	f.newFleet(t, "half").setup(t)
	for _, name := range []string{"half-rerun", "half-rerun-dead"} {
		sub := "projects/" + project + "/subscriptions/" + name
		if err := f.client.SubscriptionAdminClient.DeleteSubscription(t.Context(), &pubsubpb.DeleteSubscriptionRequest{Subscription: sub}); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name   string
		verb   string
		args   []string // later ones win
		env    []string
		status int
		says   []string
	}{
		{"no setup", "worker", nil, nil, exitNotStarted, []string{"refused-outcomes", "burnish setup", "--project test-project"}},
		{"no setup", "recorder", nil, nil, exitNotStarted, []string{"subscriptions/refused-", "burnish setup"}},
		{"a lane without its subscription", "worker", []string{"--name", "half"}, nil, exitNotStarted, []string{"subscriptions/half-rerun", "burnish setup"}},
		{"a lane without its dead letters", "recorder", []string{"--name", "half"}, nil, exitNotStarted, []string{"subscriptions/half-rerun-dead", "burnish setup"}},
		{"no source bucket", "setup", []string{"--source", "gs://nowhere"}, nil, exitNotStarted, []string{"--source", "gs://nowhere", "doesn't exist", "buckets create"}},
		{"no destination bucket", "recorder", []string{"--name", "whole", "--dest", "gs://nowhere"}, nil, exitNotStarted, []string{"gs://nowhere", "does not exist"}},
		{"one place", "setup", []string{"--dest", "gs://refused-in"}, nil, exitUsage, []string{"its own output"}},
		{"one within the other", "worker", []string{"--dest", "gs://refused-in/photos/out"}, nil, exitUsage, []string{"its own output"}},
		{"another store", "worker", []string{"--dest", "s3://out"}, nil, exitUsage, []string{"s3://out", "gs://bucket"}},
		{"no credentials", "setup", nil, []string{"PUBSUB_EMULATOR_HOST=", "GOOGLE_APPLICATION_CREDENTIALS=/nowhere/key.json"}, exitNotStarted, []string{"/nowhere/key.json", "gcloud auth application-default login"}},
		{"nobody there", "worker", nil, []string{"PUBSUB_EMULATOR_HOST=127.0.0.1:1"}, exitNotStarted, []string{"does not answer"}},
		{"no such recipe", "worker", []string{"--recipe", "nowhere.yaml"}, nil, exitUsage, []string{"nowhere.yaml"}},
	} {
		t.Run(tt.name+" for "+tt.verb, func(t *testing.T) {
			cmd := f.verb(t, tt.verb, tt.args...)
			cmd.Env = append(cmd.Env, tt.env...)
			got := finish(t, cmd)
			if got.status != tt.status {
				t.Errorf("exit status %d, want %d", got.status, tt.status)
			}
			for _, s := range tt.says {
				if !strings.Contains(got.stderr, s) {
					t.Errorf("it does not say %q: %s", s, got.stderr)
				}
			}
		})
	}
}
