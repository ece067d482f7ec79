package storetest

import (
	"context"
	"errors"
	"testing"

	"burnish/worker/store"
)

func testAdmit(t *testing.T, s store.Store) {
	written := put(t, s, "ten", "0123456789", store.WriteOptions{})
	for _, generation := range []int64{0, written.Generation} {
		var asked []store.Attrs
		opts := store.ReadOptions{Generation: generation, Limit: 10, Admit: func(_ context.Context, a store.Attrs) error {
			asked = append(asked, a)
			return nil
		}}
		data, a, err := s.Read(t.Context(), "ten", opts)
		if err != nil || string(data) != "0123456789" {
			t.Errorf("got %q, %v", data, err)
		}
		if len(asked) != 1 || asked[0].Name != "ten" || asked[0].Size != 10 || asked[0].Generation != a.Generation {
			t.Errorf("asked for %+v, read %+v", asked, a)
		}
	}
}

func testAdmitRefused(t *testing.T, s store.Store) {
	written := put(t, s, "ten", "0123456789", store.WriteOptions{})
	refusal := errors.New("no room")
	asked := 0
	refuse := func(context.Context, store.Attrs) error {
		asked++
		return refusal
	}
	data, a, err := s.Read(t.Context(), "ten", store.ReadOptions{Limit: 10, Admit: refuse})
	wantErr(t, "read what is refused", err, refusal)
	if asked != 1 || data != nil || a.Generation != written.Generation || a.Size != 10 {
		t.Errorf("asked %d times, got %q, %+v", asked, data, a)
	}
	_, a, err = s.Read(t.Context(), "ten", store.ReadOptions{Limit: 9, Admit: refuse})
	wantErr(t, "read what is too large", err, store.ErrTooLarge)
	_, _, absent := s.Read(t.Context(), "nothing", store.ReadOptions{Limit: 9, Admit: refuse})
	wantErr(t, "read what is not there", absent, store.ErrNotExist)
	if asked != 1 || a.Generation != written.Generation || a.Size != 10 {
		t.Errorf("asked %d times, got %+v", asked, a)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, _, err = s.Read(ctx, "ten", store.ReadOptions{Limit: 10, Admit: func(ctx context.Context, _ store.Attrs) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}})
	wantErr(t, "read that is cancelled", err, context.Canceled)
}

// testAdmitReplaced replaces an object while its reader waits: what is read must be what was
// admitted last, whole.
func testAdmitReplaced(t *testing.T, s store.Store) {
	bodies := make(map[int64]string)
	write := func(data string) {
		bodies[put(t, s, "o", data, store.WriteOptions{If: store.Any}).Generation] = data
	}
	write("the old bytes")
	var admitted store.Attrs
	data, a, err := s.Read(t.Context(), "o", store.ReadOptions{Limit: anySize, Admit: func(_ context.Context, a store.Attrs) error {
		if admitted.Generation == 0 {
			write("the new and longer bytes")
		}
		admitted = a
		return nil
	}})
	if err != nil || string(data) != bodies[admitted.Generation] || a.Generation != admitted.Generation {
		t.Errorf("admitted %+v, read %q of %+v, %v", admitted, data, a, err)
	}
}
