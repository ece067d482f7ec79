package cloud

import (
	"testing"
	"testing/synctest"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/google/go-cmp/cmp"
)

func TestAccount(t *testing.T) {
	const topic, sub = "projects/p/topics/f-upload", "projects/p/subscriptions/f-upload"
	deliver := func(a *Account, sub, ack, id, deadLetter string) {
		m := &pubsubpb.PubsubMessage{MessageId: id, Attributes: map[string]string{deadLetterOf: deadLetter}}
		a.delivered(sub, []*pubsubpb.ReceivedMessage{{AckId: ack, Message: m}})
	}
	ack := func(a *Account, sub, ack string) {
		a.acked(&pubsubpb.AcknowledgeRequest{Subscription: sub, AckIds: []string{ack}})
	}
	for _, tt := range []struct {
		name string
		do   func(*Account)
		want map[string]int
	}{
		{"published", func(a *Account) { a.Publish(topic, "1", "2") }, map[string]int{sub: 2}},
		{"acked", func(a *Account) {
			a.Publish(topic, "1", "2")
			deliver(a, sub, "x", "1", "")
			ack(a, sub, "x")
		}, map[string]int{sub: 1}},
		{"acked before the publication is known", func(a *Account) {
			deliver(a, sub, "x", "1", "")
			ack(a, sub, "x")
			a.Publish(topic, "1")
		}, map[string]int{}},
		{"delivered once more after its ack", func(a *Account) {
			deliver(a, sub, "x", "1", "")
			ack(a, sub, "x")
			deliver(a, sub, "y", "1", "")
		}, map[string]int{sub: 1}},
		{"a late ack, of a delivery that is not the last", func(a *Account) {
			deliver(a, sub, "x", "1", "")
			deliver(a, sub, "y", "1", "")
			ack(a, sub, "x")
		}, map[string]int{sub: 1}},
		{"an ack of the last of two deliveries", func(a *Account) {
			deliver(a, sub, "x", "1", "")
			deliver(a, sub, "y", "1", "")
			ack(a, sub, "y")
		}, map[string]int{}},
		{"an ack of nothing", func(a *Account) {
			a.Publish(topic, "1")
			ack(a, sub, "unknown")
		}, map[string]int{sub: 1}},
		{"a dead letter", func(a *Account) {
			a.Publish(topic, "1")
			deliver(a, sub+"-dead", "x", "2", "1")
		}, map[string]int{sub + "-dead": 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newAccount(time.Minute)
			tt.do(a)
			if diff := cmp.Diff(tt.want, a.Unacked()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// An ack crosses the message that is delivered again.
func TestAccountInDoubt(t *testing.T) {
	const sub = "projects/p/subscriptions/f-upload"
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(time.Minute)
		deliver := func(ack string) {
			m := &pubsubpb.PubsubMessage{MessageId: "1"}
			a.delivered(sub, []*pubsubpb.ReceivedMessage{{AckId: ack, Message: m}})
		}
		deliver("x")
		a.acked(&pubsubpb.AcknowledgeRequest{Subscription: sub, AckIds: []string{"x"}})
		deliver("y")
		time.Sleep(59 * time.Second)
		if len(a.Unacked()) != 1 {
			t.Error("it is not doubted")
		}
		time.Sleep(2 * time.Second)
		if len(a.Unacked()) != 0 {
			t.Error("it does not come again, but stays open")
		}
		deliver("z")
		time.Sleep(2 * time.Minute)
		if len(a.Unacked()) != 1 {
			t.Error("it has come again, but is not open")
		}
	})
}

func TestAccountKeepsOutcomes(t *testing.T) {
	a := newAccount(time.Minute)
	a.published(&pubsubpb.PublishRequest{Topic: "projects/p/topics/f-outcomes", Messages: []*pubsubpb.PubsubMessage{
		{Data: []byte(`{"version":1,"key":"a.jpg","generation":"7","lane":"upload","status":"done","attempt":1,"ended":"2026-11-27T12:00:00Z"}`)},
		{Data: []byte("babble")},
	}}, &pubsubpb.PublishResponse{MessageIds: []string{"1", "2"}})
	got := a.Outcomes()
	if len(got) != 1 || got[0].Key != "a.jpg" || got[0].Generation != 7 {
		t.Errorf("outcomes %+v", got)
	}
	if ids := a.IDs("projects/p/subscriptions/f-outcomes"); !cmp.Equal(ids, []string{"1", "2"}) {
		t.Errorf("open are %q", ids)
	}
}
