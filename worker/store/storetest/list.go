package storetest

import (
	"slices"
	"testing"

	"burnish/worker/store"
)

// inOrder is names in the order of their bytes, which is not that of a walk through folders
// sorted by their names: "a!" < "a/" < "a0".
var inOrder = []string{
	"a!",
	"a!b",
	"a.jpg",
	"a/a/a",
	"a/b",
	"a/b!",
	"a/b.c/d",
	"a/b0",
	"a0",
	"a1/z/z/z",
	"a~",
	"b c/d e",
	"manifests/a",
	"manifests/b/c",
	"manifests/b0",
	"variants/a/320.jpg",
	"é",
	"写真/1",
	"🦔",
}

func fill(t *testing.T, s store.Store) []string {
	t.Helper()
	names := slices.Clone(inOrder)
	if !slices.IsSorted(names) {
		t.Fatal("the names of the test are not in order")
	}
	for i := range names { // written in another order
		put(t, s, names[(i*7)%len(names)], names[(i*7)%len(names)], store.WriteOptions{Part: true})
	}
	return names
}

func list(t *testing.T, s store.Store, r store.Range) []string {
	t.Helper()
	var got []string
	for a, err := range s.List(t.Context(), r) {
		if err != nil {
			t.Fatalf("list %+v: %v", r, err)
		}
		got = append(got, a.Name)
	}
	return got
}

func testListOrder(t *testing.T, s store.Store) {
	if got := list(t, s, store.Range{}); len(got) > 0 {
		t.Errorf("an empty store lists %q", got)
	}
	names := fill(t, s)
	if got := list(t, s, store.Range{}); !slices.Equal(got, names) {
		t.Errorf("got %q, want %q", got, names)
	}
}

// testListRange compares every range between names, and some between and beyond them, with
// what a filter over all names says.
func testListRange(t *testing.T, s store.Store) {
	names := fill(t, s)
	bounds := []string{"", "!", "a", "a/", "a/b", "a/b.c/", "a/b.c/d", "a/c", "a1/z/z", "b", "manifests/", "manifests/b", "v", "é", "\xff", "~"}
	prefixes := []string{"", "a", "a/", "a/b", "a/b.c/d", "a/b.c/d/", "manifests/", "manifests", "n", "nothing/here", "写", "a!", "..", "/", "//", "a//"}
	for _, prefix := range prefixes {
		for _, from := range bounds {
			for _, to := range bounds {
				r := store.Range{Prefix: prefix, From: from, To: to}
				want := slices.DeleteFunc(slices.Clone(names), func(n string) bool {
					return len(n) < len(prefix) || n[:len(prefix)] != prefix || n < from || (to != "" && n >= to)
				})
				if got := list(t, s, r); !slices.Equal(got, want) {
					t.Fatalf("%+q: got %q, want %q", r, got, want)
				}
			}
		}
	}
}

func testListAttrs(t *testing.T, s store.Store) {
	written := map[string]store.Attrs{}
	for _, name := range []string{"a", "b/c", "b/d"} {
		written[name] = put(t, s, name, "bytes of "+name, store.WriteOptions{})
	}
	for a, err := range s.List(t.Context(), store.Range{}) {
		if err != nil {
			t.Fatal(err)
		}
		w := written[a.Name]
		if a.Generation != w.Generation || a.Size != w.Size || !a.Updated.Equal(w.Updated) {
			t.Errorf("listed %+v, written %+v", a, w)
		}
		delete(written, a.Name)
	}
	if len(written) > 0 {
		t.Errorf("not listed: %v", written)
	}
}

func testListBreak(t *testing.T, s store.Store) {
	names := fill(t, s)
	for n := 1; n <= len(names); n += 6 {
		var got []string
		for a, err := range s.List(t.Context(), store.Range{}) {
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, a.Name); len(got) == n {
				break
			}
		}
		if !slices.Equal(got, names[:n]) {
			t.Errorf("the first %d: %q", n, got)
		}
	}
	put(t, s, "still", "writable", store.WriteOptions{})
}
