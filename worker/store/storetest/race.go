package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"burnish/worker/store"
)

const writers = 16

// race lets the writers write one object under one condition and returns the attributes that
// the only one who may succeed was given.
func race(t *testing.T, s store.Store, name string, cond store.Condition) store.Attrs {
	t.Helper()
	var won atomic.Int32
	var winner atomic.Pointer[store.Attrs]
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range writers {
		wg.Go(func() {
			<-start
			a, err := s.Write(t.Context(), name, []byte(strconv.Itoa(i)), store.WriteOptions{If: cond, Part: i%2 == 0})
			switch {
			case err == nil:
				won.Add(1)
				a.Metadata = map[string]string{"body": strconv.Itoa(i)}
				winner.Store(&a)
			case !errors.Is(err, store.ErrCondition):
				t.Errorf("writer %d: %v", i, err)
			}
		})
	}
	close(start)
	wg.Wait()
	if won.Load() != 1 {
		t.Fatalf("%q: %d writers of %d won", name, won.Load(), writers)
	}
	return *winner.Load()
}

func testCreators(t *testing.T, s store.Store) {
	for round := range 10 {
		name := fmt.Sprintf("new/%d/folder/object", round)
		a := race(t, s, name, store.Absent)
		if got := want(t, s, name, a.Metadata["body"]); got.Generation != a.Generation {
			t.Errorf("the winner was told generation %d, it is %d", a.Generation, got.Generation)
		}
	}
}

func testReplacers(t *testing.T, s store.Store) {
	a := put(t, s, "object", "first", store.WriteOptions{})
	for range 10 {
		a = race(t, s, "object", store.Condition(a.Generation))
		if got := want(t, s, "object", a.Metadata["body"]); got.Generation != a.Generation {
			t.Errorf("the winner was told generation %d, it is %d", a.Generation, got.Generation)
		}
	}
}

// testIncrement counts in an object as a compare-and-swap does.
func testIncrement(t *testing.T, s store.Store) {
	const each = 10
	put(t, s, "count", "0", store.WriteOptions{})
	increment := func() error {
		for {
			data, a, err := s.Read(t.Context(), "count", store.ReadOptions{Limit: anySize})
			if err != nil {
				return err
			}
			n, err := strconv.Atoi(string(data))
			if err != nil {
				return err
			}
			_, err = s.Write(t.Context(), "count", []byte(strconv.Itoa(n+1)), store.WriteOptions{If: store.Condition(a.Generation)})
			if !errors.Is(err, store.ErrCondition) {
				return err
			}
		}
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range each {
				if err := increment(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	want(t, s, "count", strconv.Itoa(4*each))
}

// testTorn reads while others write: every body must be one that somebody wrote, whole, and
// belong to the attributes that come with it.
func testTorn(t *testing.T, s store.Store) {
	body := func(i int) []byte { return bytes.Repeat([]byte{byte('a' + i)}, 1000*(i+1)) }
	if _, err := s.Write(t.Context(), "o", body(0), store.WriteOptions{Metadata: map[string]string{"writer": "0"}}); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var write, read sync.WaitGroup
	for i := range 4 {
		write.Go(func() {
			for range 25 {
				opts := store.WriteOptions{If: store.Any, Metadata: map[string]string{"writer": strconv.Itoa(i)}}
				if _, err := s.Write(t.Context(), "o", body(i), opts); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 4 {
		read.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				data, a, err := s.Read(t.Context(), "o", store.ReadOptions{Limit: anySize})
				if err != nil {
					t.Error(err)
					return
				}
				i := int(data[0] - 'a')
				if !bytes.Equal(data, body(i)) || a.Size != int64(len(data)) || a.Metadata["writer"] != strconv.Itoa(i) {
					t.Errorf("read %s with %+v", brief(string(data)), a)
					return
				}
			}
		})
	}
	write.Wait()
	close(done)
	read.Wait()
}

// testDeleteRace deletes and creates side by side in one folder, which comes and goes.
func testDeleteRace(t *testing.T, s store.Store) {
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			name := fmt.Sprintf("deep/folder/%d", i)
			for range 25 {
				if _, err := s.Write(t.Context(), name, []byte("x"), store.WriteOptions{Part: i%2 == 0}); err != nil {
					t.Error(err)
				}
				if err := s.Delete(t.Context(), name, store.Any); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := list(t, s, store.Range{}); len(got) > 0 {
		t.Errorf("left: %q", got)
	}
}
