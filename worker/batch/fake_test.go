package batch_test

import (
	"context"
	"iter"
	"path"
	"slices"
	"sync"

	"burnish/worker/store"
	"burnish/worker/store/storetest"
)

// memory is a store whose fields, when set, decide what goes wrong.
type memory struct {
	*storetest.Memory

	listed   map[string]func() // once the object of that base name was chosen
	failAt   string            // base name at which List fails
	unsorted bool
	onStat   error

	mu      sync.Mutex // of onWrite: writers come side by side
	onWrite error      // returned once, after the write
}

func newMemory() *memory {
	return &memory{Memory: storetest.NewMemory(), listed: make(map[string]func())}
}

func (m *memory) put(a store.Attrs) { m.Put(a, nil) }

func (m *memory) remove(name string) { _ = m.Memory.Delete(context.Background(), name, store.Any) }

// body returns what stands under a name.
func (m *memory) body(name string) string {
	_, data := m.Object(name)
	return string(data)
}

func (m *memory) Stat(ctx context.Context, name string) (store.Attrs, error) {
	if m.onStat != nil {
		return store.Attrs{}, m.onStat
	}
	return m.Memory.Stat(ctx, name)
}

func (m *memory) Write(ctx context.Context, name string, data []byte, opts store.WriteOptions) (store.Attrs, error) {
	a, err := m.Memory.Write(ctx, name, data, opts)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err == nil {
		err, m.onWrite = m.onWrite, nil
	}
	return a, err
}

func (m *memory) List(ctx context.Context, r store.Range) iter.Seq2[store.Attrs, error] {
	objects := m.Memory.List(ctx, r)
	if m.unsorted {
		objects = backwards(objects)
	}
	return func(yield func(store.Attrs, error) bool) {
		for a, err := range objects {
			if m.failAt != "" && m.failAt == path.Base(a.Name) {
				yield(store.Attrs{}, store.ErrUnavailable)
				return
			}
			if f := m.listed[path.Base(a.Name)]; f != nil {
				f()
			}
			if !yield(a, err) {
				return
			}
		}
	}
}

// backwards turns a listing round.
func backwards(objects iter.Seq2[store.Attrs, error]) iter.Seq2[store.Attrs, error] {
	return func(yield func(store.Attrs, error) bool) {
		var all []store.Attrs
		for a := range objects {
			all = append(all, a)
		}
		for _, a := range slices.Backward(all) {
			if !yield(a, nil) {
				return
			}
		}
	}
}
