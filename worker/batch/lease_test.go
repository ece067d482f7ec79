package batch_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"burnish/worker/batch"
	"burnish/worker/store"
)

const leaseName = "burnish/backfill.lease"

func acquire(t *testing.T, st store.Store, holder string) (l *batch.Lease, held context.Context, asked string, err error) {
	t.Helper()
	l, held, err = batch.Acquire(t.Context(), st, holder, func(other string) { asked = other })
	return l, held, asked, err
}

func expectHeld(t *testing.T, st store.Store, want bool) {
	t.Helper()
	if held, err := batch.Held(t.Context(), st); held != want || err != nil {
		t.Errorf("held: %v, %v; want %v", held, err, want)
	}
}

// TestHeldUntilStale tells a holder that has died from one that was late with a renewal.
func TestHeldUntilStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newMemory()
		st.Put(store.Attrs{Name: leaseName, Updated: time.Now()}, []byte(`{"holder":"dead@studio"}`))
		time.Sleep(2 * time.Minute)
		expectHeld(t, st, true)
		time.Sleep(time.Minute)
		expectHeld(t, st, false)
	})
}

func TestLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newMemory()
		ann, held, asked, err := acquire(t, st, "ann@studio")
		if err != nil || asked != "" {
			t.Fatalf("%v, waited for %q", err, asked)
		}
		time.Sleep(time.Hour)
		expectHeld(t, st, true)
		began := time.Now()
		_, _, asked, err = acquire(t, st, "bob@studio")
		if !errors.Is(err, batch.ErrHeld) || !strings.Contains(err.Error(), "ann@studio") || asked != "ann@studio" {
			t.Errorf("got %v, waited for %q", err, asked)
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("it took %v to tell", took)
		}
		if held.Err() != nil {
			t.Errorf("ann lost it: %v", context.Cause(held))
		}
		if err := ann.Close(); err != nil {
			t.Error(err)
		}
		expectHeld(t, st, false)
		began = time.Now()
		bob, _, asked, err := acquire(t, st, "bob@studio")
		if err != nil || asked != "" || time.Since(began) > 0 {
			t.Fatalf("after its end: %v, waited for %q", err, asked)
		}
		if err := bob.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestStaleLease takes over from one that was killed: nobody renews its object.
func TestStaleLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newMemory()
		st.Put(store.Attrs{Name: leaseName}, []byte(`{"holder":"dead@studio"}`))
		began := time.Now()
		bob, held, asked, err := acquire(t, st, "bob@studio")
		if err != nil || asked != "dead@studio" {
			t.Fatalf("%v, waited for %q", err, asked)
		}
		if took := time.Since(began); took < 50*time.Second || took > 70*time.Second {
			t.Errorf("taken over after %v", took)
		}
		// The dead was only asleep: what it writes on its own condition fails, and bob keeps it.
		time.Sleep(time.Hour)
		if held.Err() != nil {
			t.Errorf("lost: %v", context.Cause(held))
		}
		if err := bob.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestLeaseIsLost(t *testing.T) {
	for name, lose := range map[string]func(*memory){
		"taken over": func(m *memory) { m.Put(store.Attrs{Name: leaseName}, []byte(`{"holder":"bob@studio"}`)) },
		"deleted":    func(m *memory) { m.remove(leaseName) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newMemory()
				ann, held, _, err := acquire(t, st, "ann@studio")
				if err != nil {
					t.Fatal(err)
				}
				lose(st)
				time.Sleep(time.Minute)
				if !errors.Is(context.Cause(held), batch.ErrLost) {
					t.Errorf("its context says %v", context.Cause(held))
				}
				if err := ann.Close(); err == nil {
					t.Error("it gives back what it has not")
				}
			})
		})
	}
}

// TestReleasedWhileWaited does not wait for the end of a lease that is given back.
func TestReleasedWhileWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newMemory()
		ann, _, _, err := acquire(t, st, "ann@studio")
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(5*time.Second, func() {
			if err := ann.Close(); err != nil {
				t.Error(err)
			}
		})
		began := time.Now()
		bob, _, _, err := acquire(t, st, "bob@studio")
		if err != nil || time.Since(began) > 15*time.Second {
			t.Fatalf("%v after %v", err, time.Since(began))
		}
		if err := bob.Close(); err != nil {
			t.Error(err)
		}
	})
}
