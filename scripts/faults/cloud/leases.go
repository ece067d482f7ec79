package cloud

import (
	"sync"
	"time"
)

// leases are those that processes hold. A client extends its leases by a minute every minute; where
// the front has made them shorter, it extends them more often in the client's stead, for as long
// as the process is there and awake.
type leases struct {
	mu   sync.Mutex
	held map[string]holder // by ack id
}

type holder struct{ subscription, through string }

func newLeases() *leases { return &leases{held: make(map[string]holder)} }

func (l *leases) hold(ack string, h holder) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held[ack] = h
}

// settle ends leases by an ack or a nack.
func (l *leases) settle(acks []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, ack := range acks {
		delete(l.held, ack)
	}
}

// release ends all leases of a stream that has ended.
func (l *leases) release(h holder) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for ack, by := range l.held {
		if by == h {
			delete(l.held, ack)
		}
	}
}

// living returns what is to be extended, by subscription. A lease whose holder sleeps is not, and
// never again.
func (l *leases) living(awake func(through string) bool) map[string][]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	acks := make(map[string][]string)
	for ack, by := range l.held {
		if awake(by.through) {
			acks[by.subscription] = append(acks[by.subscription], ack)
		} else {
			delete(l.held, ack)
		}
	}
	return acks
}

// extend extends leases until done is closed.
func (p *PubSub) extend(done <-chan struct{}) {
	tick := time.NewTicker(p.lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		for sub, acks := range p.leases.living(p.process.Awake) {
			p.lengthen(sub, acks)
		}
	}
}
