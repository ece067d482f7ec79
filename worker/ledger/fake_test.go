package ledger_test

import (
	"context"
	"iter"
	"sync"

	"burnish/worker/store"
	"burnish/worker/store/storetest"
)

// memory is a store whose hooks, when set, decide what goes wrong.
type memory struct {
	*storetest.Memory

	mu    sync.Mutex
	reads []string

	onWrite func(name string) error // before the write
	lost    func(name string) error // after it: the reply is this
	onList  func() error
}

func newMemory() *memory { return &memory{Memory: storetest.NewMemory()} }

func (m *memory) Read(ctx context.Context, name string, opts store.ReadOptions) ([]byte, store.Attrs, error) {
	m.mu.Lock()
	m.reads = append(m.reads, name)
	m.mu.Unlock()
	return m.Memory.Read(ctx, name, opts)
}

func (m *memory) Write(ctx context.Context, name string, data []byte, opts store.WriteOptions) (store.Attrs, error) {
	if m.onWrite != nil {
		if err := m.onWrite(name); err != nil {
			return store.Attrs{}, err
		}
	}
	a, err := m.Memory.Write(ctx, name, data, opts)
	if err == nil && m.lost != nil {
		err = m.lost(name)
	}
	return a, err
}

func (m *memory) List(ctx context.Context, r store.Range) iter.Seq2[store.Attrs, error] {
	if m.onList != nil {
		if err := m.onList(); err != nil {
			return func(yield func(store.Attrs, error) bool) { yield(store.Attrs{}, err) }
		}
	}
	return m.Memory.List(ctx, r)
}

func (m *memory) names() []string {
	var names []string
	for a := range m.Memory.List(context.Background(), store.Range{}) {
		names = append(names, a.Name)
	}
	return names
}

// object is what stands in a store.
type object struct {
	attrs store.Attrs
	data  []byte
}

func (m *memory) object(name string) object {
	a, data := m.Object(name)
	return object{a, data}
}

// change replaces an object's bytes and metadata by what f makes of them.
func (m *memory) change(name string, f func(*object)) {
	o := m.object(name)
	f(&o)
	o.attrs.Name, o.attrs.Generation, o.attrs.Size = name, 0, int64(len(o.data))
	m.Put(o.attrs, o.data)
}
