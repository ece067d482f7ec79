// Package storetest is the suite that every store passes.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"burnish/worker/store"
)

// Run holds a store to the contract of store.Store. open returns an empty store, a new one at
// every call, and sees to its end itself.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, store.Store)
	}{
		{"read what was written", testRead},
		{"what is not there", testAbsent},
		{"limit", testLimit},
		{"admission", testAdmit},
		{"admission refused", testAdmitRefused},
		{"replaced during admission", testAdmitReplaced},
		{"big object", testBig},
		{"empty object", testEmpty},
		{"generations", testGenerations},
		{"read by generation", testReadGeneration},
		{"conditions", testConditions},
		{"delete", testDelete},
		{"metadata", testMetadata},
		{"names that no store can hold", testBadNames},
		{"list in order", testListOrder},
		{"list a range", testListRange},
		{"list with generations", testListAttrs},
		{"list and leave", testListBreak},
		{"cancel", testCancel},
		{"one creator wins", testCreators},
		{"one replacer wins", testReplacers},
		{"no lost update", testIncrement},
		{"readers never see half", testTorn},
		{"delete beside writes", testDeleteRace},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

const anySize = 1 << 40

func put(t *testing.T, s store.Store, name, data string, opts store.WriteOptions) store.Attrs {
	t.Helper()
	a, err := s.Write(t.Context(), name, []byte(data), opts)
	if err != nil {
		t.Fatalf("write %q: %v", name, err)
	}
	return a
}

func want(t *testing.T, s store.Store, name, data string) store.Attrs {
	t.Helper()
	got, a, err := s.Read(t.Context(), name, store.ReadOptions{Limit: anySize})
	if err != nil {
		t.Fatalf("read %q: %v", name, err)
	}
	if string(got) != data {
		t.Fatalf("read %q: got %s, want %s", name, brief(string(got)), brief(data))
	}
	return a
}

func wantErr(t *testing.T, doing string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", doing, err, want)
	}
}

// wantNamed asserts that a message says which object it is about.
func wantNamed(t *testing.T, err error, name string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), name) {
		t.Errorf("error %v does not name %q", err, name)
	}
}

func brief(s string) string {
	if len(s) > 40 {
		return fmt.Sprintf("%q… (%d bytes)", s[:40], len(s))
	}
	return fmt.Sprintf("%q", s)
}

func testRead(t *testing.T, s store.Store) {
	for _, name := range []string{"a", "b/c", "b/d/e/f.jpg", "sp ace/plus+%41&?#*[].jpg", "ünï/写真.png", `q"uo'te\`} {
		t.Run(name, func(t *testing.T) {
			written := put(t, s, name, "bytes of "+name, store.WriteOptions{ContentType: "image/avif", CacheControl: "no-store"})
			read := want(t, s, name, "bytes of "+name)
			stat, err := s.Stat(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			for where, a := range map[string]store.Attrs{"Write": written, "Read": read, "Stat": stat} {
				if a.Name != name || a.Size != int64(len("bytes of "+name)) {
					t.Errorf("%s says %q with %d bytes", where, a.Name, a.Size)
				}
				if a.Generation <= 0 || a.Generation != written.Generation {
					t.Errorf("%s says generation %d, Write said %d", where, a.Generation, written.Generation)
				}
				if a.Updated.IsZero() || a.Updated.Unix() != written.Updated.Unix() {
					t.Errorf("%s says updated %v, Write said %v", where, a.Updated, written.Updated)
				}
			}
		})
	}
}

func testAbsent(t *testing.T, s store.Store) {
	put(t, s, "file", "x", store.WriteOptions{})
	put(t, s, "folder/file", "x", store.WriteOptions{})
	for _, name := range []string{"nothing", "folder", "folder/nothing", "no/such/folder", "file/below"} {
		_, _, err := s.Read(t.Context(), name, store.ReadOptions{Limit: anySize})
		wantErr(t, "read "+name, err, store.ErrNotExist)
		wantNamed(t, err, name)
		_, err = s.Stat(t.Context(), name)
		wantErr(t, "stat "+name, err, store.ErrNotExist)
		wantNamed(t, err, name)
	}
}

func testLimit(t *testing.T, s store.Store) {
	put(t, s, "ten", "0123456789", store.WriteOptions{})
	if _, _, err := s.Read(t.Context(), "ten", store.ReadOptions{Limit: 10}); err != nil {
		t.Errorf("read of 10 bytes, at most 10: %v", err)
	}
	_, _, err := s.Read(t.Context(), "ten", store.ReadOptions{Limit: 9})
	wantErr(t, "read of 10 bytes, at most 9", err, store.ErrTooLarge)
	for _, part := range []string{"ten", "10 bytes", "at most 9"} {
		wantNamed(t, err, part)
	}
}

func testBig(t *testing.T, s store.Store) {
	data := make([]byte, 33<<20+7)
	for i := range data {
		data[i] = byte(i * i >> 7)
	}
	put(t, s, "big", string(data), store.WriteOptions{})
	got, _, err := s.Read(t.Context(), "big", store.ReadOptions{Limit: int64(len(data))})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, data) {
		t.Error("other bytes came back")
	}
}

func testEmpty(t *testing.T, s store.Store) {
	a := put(t, s, "empty", "", store.WriteOptions{})
	if a.Size != 0 || a.Generation <= 0 {
		t.Errorf("got %+v", a)
	}
	if _, _, err := s.Read(t.Context(), "empty", store.ReadOptions{Limit: 0}); err != nil {
		t.Error(err)
	}
}

func testGenerations(t *testing.T, s store.Store) {
	seen := map[int64]string{}
	for i := range 50 {
		data := fmt.Sprintf("%04d", i) // one size, as fast as it goes
		a := put(t, s, "a", data, store.WriteOptions{If: store.Any})
		if before, ok := seen[a.Generation]; ok {
			t.Fatalf("%q and %q have one generation, %d", before, data, a.Generation)
		}
		seen[a.Generation] = data
	}
	first := want(t, s, "a", "0049")
	if again := want(t, s, "a", "0049"); again.Generation != first.Generation {
		t.Errorf("generation went from %d to %d by reading", first.Generation, again.Generation)
	}
}

func testReadGeneration(t *testing.T, s store.Store) {
	old := put(t, s, "a", "old", store.WriteOptions{})
	if data, a, err := s.Read(t.Context(), "a", store.ReadOptions{Generation: old.Generation, Limit: anySize}); err != nil || string(data) != "old" || a.Generation != old.Generation {
		t.Errorf("got %q, %+v, %v", data, a, err)
	}
	put(t, s, "a", "new", store.WriteOptions{If: store.Any})
	_, _, err := s.Read(t.Context(), "a", store.ReadOptions{Generation: old.Generation, Limit: anySize})
	wantErr(t, "read a generation that was replaced", err, store.ErrNotExist)
	_, _, err = s.Read(t.Context(), "b", store.ReadOptions{Generation: old.Generation, Limit: anySize})
	wantErr(t, "read a generation of nothing", err, store.ErrNotExist)
}

func testConditions(t *testing.T, s store.Store) {
	write := func(data string, cond store.Condition) (store.Attrs, error) {
		return s.Write(t.Context(), "a/b", []byte(data), store.WriteOptions{If: cond})
	}
	_, err := write("x", 12345)
	wantErr(t, "replace what is not there", err, store.ErrCondition)
	first, err := write("first", store.Absent)
	if err != nil {
		t.Fatal(err)
	}
	_, err = write("x", store.Absent)
	wantErr(t, "create what is there", err, store.ErrCondition)
	wantNamed(t, err, "a/b")
	_, err = write("x", store.Condition(first.Generation)+1)
	wantErr(t, "replace another generation", err, store.ErrCondition)
	wantNamed(t, err, "a/b")
	want(t, s, "a/b", "first")
	second, err := write("second", store.Condition(first.Generation))
	if err != nil {
		t.Fatal(err)
	}
	_, err = write("x", store.Condition(first.Generation))
	wantErr(t, "replace a generation twice", err, store.ErrCondition)
	if third, err := write("third", store.Any); err != nil || third.Generation == second.Generation {
		t.Errorf("write whatever there is: %+v, %v", third, err)
	}
	want(t, s, "a/b", "third")
}

func testDelete(t *testing.T, s store.Store) {
	ctx := t.Context()
	a := put(t, s, "x/y/z", "1", store.WriteOptions{})
	wantErr(t, "delete another generation", s.Delete(ctx, "x/y/z", store.Condition(a.Generation)+1), store.ErrCondition)
	wantErr(t, "delete if absent", s.Delete(ctx, "x/y/z", store.Absent), store.ErrCondition)
	want(t, s, "x/y/z", "1")
	wantErr(t, "delete", s.Delete(ctx, "x/y/z", store.Condition(a.Generation)), nil)
	_, err := s.Stat(ctx, "x/y/z")
	wantErr(t, "stat what was deleted", err, store.ErrNotExist)
	wantErr(t, "delete a generation of nothing", s.Delete(ctx, "x/y/z", store.Condition(a.Generation)), store.ErrCondition)
	wantErr(t, "delete nothing", s.Delete(ctx, "x/y/z", store.Any), nil)
	wantErr(t, "delete nothing if absent", s.Delete(ctx, "x/y/z", store.Absent), nil)

	// Nothing of it is left that would be in the way.
	put(t, s, "x/y", "now an object", store.WriteOptions{})
	put(t, s, "p/q", "1", store.WriteOptions{})
	put(t, s, "p/r", "2", store.WriteOptions{})
	wantErr(t, "delete whatever there is", s.Delete(ctx, "p/q", store.Any), nil)
	want(t, s, "p/r", "2")
}

func testMetadata(t *testing.T, s store.Store) {
	meta := map[string]string{"source-generation": "1234", "fingerprint": "abc", "note": "blåbær \"quoted\" \\"}
	written := put(t, s, "m", "x", store.WriteOptions{Metadata: meta, ContentType: "image/avif"})
	sameMetadata(t, "Write", written.Metadata, meta)
	sameMetadata(t, "Read", want(t, s, "m", "x").Metadata, meta)
	stat, err := s.Stat(t.Context(), "m")
	if err != nil {
		t.Fatal(err)
	}
	sameMetadata(t, "Stat", stat.Metadata, meta)
	for a, err := range s.List(t.Context(), store.Range{}) {
		if err != nil {
			t.Fatal(err)
		}
		sameMetadata(t, "List", a.Metadata, meta)
	}
	put(t, s, "m", "y", store.WriteOptions{If: store.Any})
	sameMetadata(t, "a write without any", want(t, s, "m", "y").Metadata, nil)
}

func sameMetadata(t *testing.T, where string, got, want map[string]string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: metadata %q, want %q", where, got, want)
	}
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s: metadata %q is %q, want %q", where, k, got[k], v)
		}
	}
}

func testBadNames(t *testing.T, s store.Store) {
	ctx := t.Context()
	for _, name := range []string{"", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a\x00b", strings.Repeat("x", 1100)} {
		t.Run(brief(name), func(t *testing.T) {
			_, err := s.Write(ctx, name, []byte("x"), store.WriteOptions{})
			wantErr(t, "write", err, store.ErrName)
			_, _, err = s.Read(ctx, name, store.ReadOptions{Limit: anySize})
			wantErr(t, "read", err, store.ErrName)
			_, err = s.Stat(ctx, name)
			wantErr(t, "stat", err, store.ErrName)
			wantErr(t, "delete", s.Delete(ctx, name, store.Any), store.ErrName)
		})
	}
}

func testCancel(t *testing.T, s store.Store) {
	put(t, s, "a", "x", store.WriteOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := s.Read(ctx, "a", store.ReadOptions{Limit: anySize})
	wantErr(t, "read", err, context.Canceled)
	_, err = s.Stat(ctx, "a")
	wantErr(t, "stat", err, context.Canceled)
	_, err = s.Write(ctx, "a", []byte("y"), store.WriteOptions{If: store.Any})
	wantErr(t, "write", err, context.Canceled)
	_, err = s.Write(ctx, "b", nil, store.WriteOptions{})
	wantErr(t, "create", err, context.Canceled)
	wantErr(t, "delete", s.Delete(ctx, "a", store.Any), context.Canceled)
	var last error
	for a, err := range s.List(ctx, store.Range{}) {
		if err == nil {
			t.Errorf("listed %q", a.Name)
		}
		last = err
	}
	wantErr(t, "list", last, context.Canceled)
	want(t, s, "a", "x")
}
