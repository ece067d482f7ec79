package batch_test

import (
	"bytes"
	"context"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"

	"burnish/worker/store"
)

// memory is a Store in a map. Its fields, when set, decide what goes wrong.
type memory struct {
	objects map[string]object
	next    int64

	listed   map[string]func() // once the object of that base name was chosen
	failAt   string            // base name at which List fails
	unsorted bool
	onStat   error
	onWrite  error // returned once, after the write
}

type object struct {
	attrs store.Attrs
	data  []byte
}

func newMemory() *memory {
	return &memory{objects: make(map[string]object), listed: make(map[string]func()), next: 100}
}

func (m *memory) put(a store.Attrs)  { m.objects[a.Name] = object{attrs: a} }
func (m *memory) remove(name string) { delete(m.objects, name) }
func (m *memory) String() string     { return "memory" }

func (m *memory) Read(ctx context.Context, name string, opts store.ReadOptions) ([]byte, store.Attrs, error) {
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
	if m.onStat != nil {
		return store.Attrs{}, m.onStat
	}
	if o, ok := m.objects[name]; ok {
		return o.attrs, nil
	}
	return store.Attrs{}, store.ErrNotExist
}

func (m *memory) Write(ctx context.Context, name string, data []byte, opts store.WriteOptions) (store.Attrs, error) {
	if have := m.objects[name].attrs.Generation; opts.If != store.Any && int64(opts.If) != have {
		return store.Attrs{}, store.ErrCondition
	}
	m.next++
	a := store.Attrs{Name: name, Size: int64(len(data)), Generation: m.next, Metadata: maps.Clone(opts.Metadata)}
	m.objects[name] = object{a, bytes.Clone(data)}
	err := m.onWrite
	m.onWrite = nil
	return a, err
}

func (m *memory) Delete(ctx context.Context, name string, cond store.Condition) error {
	m.remove(name)
	return nil
}

// List looks for the next name only when it is asked for it, as a paged listing does.
func (m *memory) List(ctx context.Context, r store.Range) iter.Seq2[store.Attrs, error] {
	return func(yield func(store.Attrs, error) bool) {
		if m.unsorted {
			names := slices.Sorted(maps.Keys(m.objects))
			slices.Reverse(names)
			for _, name := range names {
				if !yield(m.objects[name].attrs, nil) {
					return
				}
			}
			return
		}
		for last := ""; ; {
			name, ok := m.after(last, r)
			if !ok {
				return
			}
			if m.failAt == path.Base(name) {
				yield(store.Attrs{}, store.ErrUnavailable)
				return
			}
			a := m.objects[name].attrs
			if f := m.listed[path.Base(name)]; f != nil {
				f()
			}
			if !yield(a, nil) {
				return
			}
			last = name
		}
	}
}

// after returns the first name in the range after last.
func (m *memory) after(last string, r store.Range) (first string, ok bool) {
	for name := range m.objects {
		inside := strings.HasPrefix(name, r.Prefix) && name >= r.From && (r.To == "" || name < r.To)
		if inside && name > last && (!ok || name < first) {
			first, ok = name, true
		}
	}
	return first, ok
}
