package ledger_test

import (
	"bytes"
	"context"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"burnish/worker/store"
)

// memory is a Store in a map. Its hooks, when set, decide what goes wrong.
type memory struct {
	mu      sync.Mutex
	objects map[string]object
	next    int64
	reads   []string

	onWrite func(name string) error // before the write
	lost    func(name string) error // after it: the reply is this
	onList  func() error
}

type object struct {
	attrs store.Attrs
	data  []byte
}

func newMemory() *memory { return &memory{objects: make(map[string]object)} }

func (m *memory) String() string { return "memory" }

func (m *memory) Read(ctx context.Context, name string, opts store.ReadOptions) ([]byte, store.Attrs, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads = append(m.reads, name)
	o, ok := m.objects[name]
	switch {
	case !ok || opts.Generation != 0 && opts.Generation != o.attrs.Generation:
		return nil, store.Attrs{}, store.ErrNotExist
	case int64(len(o.data)) > opts.Limit:
		return nil, store.Attrs{}, store.ErrTooLarge
	}
	return bytes.Clone(o.data), o.attrs, nil
}

func (m *memory) Stat(ctx context.Context, name string) (store.Attrs, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if o, ok := m.objects[name]; ok {
		return o.attrs, nil
	}
	return store.Attrs{}, store.ErrNotExist
}

func (m *memory) Write(ctx context.Context, name string, data []byte, opts store.WriteOptions) (store.Attrs, error) {
	if m.onWrite != nil {
		if err := m.onWrite(name); err != nil {
			return store.Attrs{}, err
		}
	}
	if err := ctx.Err(); err != nil {
		return store.Attrs{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if have := m.objects[name].attrs.Generation; opts.If != store.Any && int64(opts.If) != have {
		return store.Attrs{}, store.ErrCondition
	}
	m.next++
	a := store.Attrs{
		Name:       name,
		Size:       int64(len(data)),
		Generation: m.next,
		Updated:    time.Now(),
		Metadata:   maps.Clone(opts.Metadata),
	}
	m.objects[name] = object{a, bytes.Clone(data)}
	if m.lost != nil {
		return a, m.lost(name)
	}
	return a, nil
}

func (m *memory) Delete(ctx context.Context, name string, cond store.Condition) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, name)
	return nil
}

func (m *memory) List(ctx context.Context, r store.Range) iter.Seq2[store.Attrs, error] {
	return func(yield func(store.Attrs, error) bool) {
		if m.onList != nil {
			if err := m.onList(); err != nil {
				yield(store.Attrs{}, err)
				return
			}
		}
		for _, name := range m.names() {
			inside := strings.HasPrefix(name, r.Prefix) && name >= r.From && (r.To == "" || name < r.To)
			if inside && !yield(m.objects[name].attrs, nil) {
				return
			}
		}
	}
}

func (m *memory) names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.objects))
}

// change replaces an object's bytes and metadata by what f makes of them.
func (m *memory) change(name string, f func(*object)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.objects[name]
	o.attrs.Name = name
	f(&o)
	m.next++
	o.attrs.Generation = m.next
	o.attrs.Size = int64(len(o.data))
	m.objects[name] = o
}
