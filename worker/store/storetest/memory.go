package storetest

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"burnish/worker/store"
)

// Memory is a store in a map, for tests of what works on a store. It passes the suite.
type Memory struct {
	mu      sync.Mutex
	objects map[string]object
	names   []string // of the objects, sorted
	last    int64    // the generation given last
}

type object struct {
	attrs store.Attrs
	data  []byte
}

var _ store.Store = (*Memory)(nil)

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{objects: make(map[string]object), last: 1000} }

// String returns "memory".
func (m *Memory) String() string { return "memory" }

// Put lets an object stand there as given, whatever stood there before and even if no store
// would have written it so. A generation of 0 becomes a new one.
func (m *Memory) Put(a store.Attrs, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if a.Generation == 0 {
		m.last++
		a.Generation = m.last
	}
	m.set(a, data)
}

// Object returns what stands under a name. A name that holds nothing has generation 0.
func (m *Memory) Object(name string) (store.Attrs, []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.objects[name]
	o.attrs.Metadata = maps.Clone(o.attrs.Metadata)
	return o.attrs, bytes.Clone(o.data)
}

// Read implements store.Store.
func (m *Memory) Read(ctx context.Context, name string, opts store.ReadOptions) ([]byte, store.Attrs, error) {
	a, data, err := m.look(ctx, name)
	if err != nil {
		return nil, store.Attrs{}, err
	}
	if opts.Generation != 0 && opts.Generation != a.Generation {
		return nil, store.Attrs{}, fmt.Errorf("%s: %w at generation %d", name, store.ErrNotExist, opts.Generation)
	}
	if err := opts.Allow(ctx, a); err != nil {
		return nil, a, fmt.Errorf("%s: %w", name, err)
	}
	return data, a, nil
}

// Stat implements store.Store.
func (m *Memory) Stat(ctx context.Context, name string) (store.Attrs, error) {
	a, _, err := m.look(ctx, name)
	return a, err
}

// look returns the attributes and the bytes of one moment.
func (m *Memory) look(ctx context.Context, name string) (store.Attrs, []byte, error) {
	if err := m.may(ctx, name); err != nil {
		return store.Attrs{}, nil, err
	}
	a, data := m.Object(name)
	if a.Generation == 0 {
		return store.Attrs{}, nil, fmt.Errorf("%s: %w", name, store.ErrNotExist)
	}
	return a, data, nil
}

// Write implements store.Store.
func (m *Memory) Write(ctx context.Context, name string, data []byte, opts store.WriteOptions) (store.Attrs, error) {
	if err := m.may(ctx, name); err != nil {
		return store.Attrs{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.meets(name, opts.If); err != nil {
		return store.Attrs{}, err
	}
	m.last++
	a := store.Attrs{
		Name:       name,
		Size:       int64(len(data)),
		Generation: m.last,
		Updated:    time.Now(),
		Metadata:   maps.Clone(opts.Metadata),
	}
	m.set(a, data)
	return a, nil
}

// Delete implements store.Store.
func (m *Memory) Delete(ctx context.Context, name string, cond store.Condition) error {
	if err := m.may(ctx, name); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.meets(name, cond); err != nil {
		return err
	}
	if at, found := slices.BinarySearch(m.names, name); found {
		m.names = slices.Delete(m.names, at, at+1)
		delete(m.objects, name)
	}
	return nil
}

// List implements store.Store. It looks for the next name when it is asked for it, as a
// listing by pages does.
func (m *Memory) List(ctx context.Context, r store.Range) iter.Seq2[store.Attrs, error] {
	return func(yield func(store.Attrs, error) bool) {
		for last := ""; ; {
			if err := ctx.Err(); err != nil {
				yield(store.Attrs{}, err)
				return
			}
			a, ok := m.after(last, r)
			if !ok || !yield(a, nil) {
				return
			}
			last = a.Name
		}
	}
}

// after describes the first object in the range whose name comes after last.
func (m *Memory) after(last string, r store.Range) (store.Attrs, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, found := slices.BinarySearch(m.names, max(last, r.From, r.Prefix))
	if found && m.names[at] == last {
		at++
	}
	if at == len(m.names) || !r.Has(m.names[at]) {
		return store.Attrs{}, false
	}
	a := m.objects[m.names[at]].attrs
	a.Metadata = maps.Clone(a.Metadata)
	return a, true
}

// set puts an object in its place. The caller holds the lock.
func (m *Memory) set(a store.Attrs, data []byte) {
	if at, found := slices.BinarySearch(m.names, a.Name); !found {
		m.names = slices.Insert(m.names, at, a.Name)
	}
	m.objects[a.Name] = object{a, bytes.Clone(data)}
}

// may reports why an operation is not even tried.
func (m *Memory) may(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := store.CheckName(name)
	if err == nil && len(name) > 1024 {
		err = fmt.Errorf("%w: it has more than 1024 bytes", store.ErrName)
	}
	return err
}

// meets checks a condition. The caller holds the lock.
func (m *Memory) meets(name string, cond store.Condition) error {
	if have := m.objects[name].attrs.Generation; cond != store.Any && int64(cond) != have {
		return fmt.Errorf("%s: %w %d: it is at %d", name, store.ErrCondition, cond, have)
	}
	return nil
}
