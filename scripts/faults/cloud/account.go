package cloud

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"

	"burnish/worker/ledger"
)

// Account knows which messages of each subscription are not acked, and what workers have
// published as outcomes. Its methods may be called from many goroutines.
type Account struct {
	doubt time.Duration

	mu       sync.Mutex
	unacked  map[string]map[string]bool // message ids by subscription
	settled  map[string]bool            // message ids: an ack may be seen before the publication
	ids      map[string]string          // message ids by ack id
	last     map[string]string          // ack ids by message id: of the last delivery
	again    map[string]time.Time       // message ids: when it was delivered though it had been acked
	outcomes []ledger.Outcome
	acks     map[string]int // message ids, and the number of outcomes at the ack
}

// newAccount returns an empty account. An ack may cross the message, which is on its way again as
// its lease has ended. Whether the ack had its effect is then known when, for the time of the
// doubt, it is not delivered once more.
func newAccount(doubt time.Duration) *Account {
	return &Account{
		doubt: doubt, again: make(map[string]time.Time), unacked: make(map[string]map[string]bool), settled: make(map[string]bool), ids: make(map[string]string), last: make(map[string]string), acks: make(map[string]int),
	}
}

// Publish notes messages that a topic has taken past the front.
func (a *Account) Publish(topic string, ids ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, id := range ids {
		a.add(subscription(topic), id)
	}
}

// add opens an item, unless it is settled. The caller holds the lock.
func (a *Account) add(sub, id string) {
	if a.settled[id] {
		return
	}
	if a.unacked[sub] == nil {
		a.unacked[sub] = make(map[string]bool)
	}
	a.unacked[sub][id] = true
}

// published notes outcomes.
func (a *Account) published(r *pubsubpb.PublishRequest, answer *pubsubpb.PublishResponse) {
	a.Publish(r.Topic, answer.MessageIds...)
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, m := range r.Messages {
		var o ledger.Outcome
		if json.Unmarshal(m.Data, &o) == nil {
			a.outcomes = append(a.outcomes, o)
		}
	}
}

// deadLetterOf is the attribute that names the message of a dead letter.
const deadLetterOf = "CloudPubSubDeadLetterSourceMessageId"

// delivered notes messages on their way to a process. That one comes again means that the ack of
// an earlier delivery had no effect. A dead letter is with its own subscription from now on, and
// no longer with that of its lane.
func (a *Account) delivered(sub string, messages []*pubsubpb.ReceivedMessage) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, m := range messages {
		id := m.Message.MessageId
		a.ids[m.AckId], a.last[id] = id, m.AckId
		if a.settled[id] {
			delete(a.settled, id)
			a.again[id] = time.Now()
		} else {
			delete(a.again, id) // if it was in doubt, the ack had no effect
		}
		a.add(sub, id)
		if lane, ok := strings.CutSuffix(sub, "-dead"); ok {
			delete(a.unacked[lane], m.Message.Attributes[deadLetterOf])
		}
	}
}

// acked notes acks that the emulator has taken. One that is not of the last delivery came when
// its lease had ended, and is without effect.
func (a *Account) acked(r *pubsubpb.AcknowledgeRequest) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, ack := range r.AckIds {
		id := a.ids[ack]
		delete(a.ids, ack)
		if id == "" || a.last[id] != ack {
			continue
		}
		a.settled[id] = true
		a.acks[id] = len(a.outcomes)
		delete(a.unacked[r.Subscription], id)
	}
}

// Unacked counts the messages of each subscription that are not acked.
func (a *Account) Unacked() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := make(map[string]int)
	for sub := range a.unacked {
		if ids := a.open(sub); len(ids) > 0 {
			n[sub] = len(ids)
		}
	}
	return n
}

// open lists the messages of a subscription that are not acked. The caller holds the lock.
func (a *Account) open(sub string) []string {
	var ids []string
	for id := range a.unacked[sub] {
		if t, doubted := a.again[id]; !doubted || time.Since(t) < a.doubt {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// IDs lists the messages of a subscription that are not acked.
func (a *Account) IDs(sub string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.open(sub)
}

// Acked returns the ids of the messages that are acked, each with how many outcomes had been
// published before.
func (a *Account) Acked() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.acks)
}

// Outcomes are those that workers have published, in the order in which the topic took them.
func (a *Account) Outcomes() []ledger.Outcome {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.outcomes)
}
