package batch

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"testing"
	"unicode/utf8"

	"burnish/worker/store"
	"burnish/worker/store/storetest"
)

// listings counts them.
type listings struct {
	*storetest.Memory
	n int
}

func (l *listings) List(ctx context.Context, r store.Range) iter.Seq2[store.Attrs, error] {
	l.n++
	return l.Memory.List(ctx, r)
}

func TestMiddle(t *testing.T) {
	deep := func(n int) (keys []string) {
		for i := range n {
			keys = append(keys, fmt.Sprintf("catalogue/photos/of/the/shop/%05d.jpg", i))
		}
		return keys
	}
	cases := []struct {
		name           string
		keys           []string
		prefix, at, to string
		want           string
	}{
		{"nothing there", nil, "", "a", "", ""},
		{"the last key", []string{"a", "b"}, "", "b", "", ""},
		{"nothing before the end", []string{"a", "x"}, "", "a", "c", ""},
		{"one more", []string{"a", "b"}, "", "a", "", "b"},
		{"digits", deep(10_000), "", "catalogue/photos/of/the/shop/00003.jpg", "", "catalogue/photos/of/the/shop/05"},
		{"digits up to a bound", deep(10_000), "", "catalogue/photos/of/the/shop/01000.jpg", "catalogue/photos/of/the/shop/05", "catalogue/photos/of/the/shop/03"},
		{"within a prefix", append(deep(10_000), "z"), "catalogue/", "catalogue/photos/of/the/shop/08000.jpg", "", "catalogue/photos/of/the/shop/09"},
		{"a gap", []string{"0", "1", "2", "x", "y", "z"}, "", "0", "", "x"},
		{"only longer ones", []string{"a", "a!", "a/b"}, "", "a", "", ""},
		{"beyond the longer ones", []string{"a", "a!", "a/b", "b"}, "", "a!", "", "b"},
		{"not ASCII", []string{"写/あ", "写/い", "写/永", "写/🦔"}, "", "写/あ", "", "写/🦔"},
		{"over the surrogates", []string{"\ud7fe", "\ud7ff", "\ue000", "\ue001"}, "", "\ud7fe", "", "\ue000"},
		{"the greatest character", []string{"\U0010fffe", "\U0010ffff", "\U0010ffff1"}, "", "\U0010fffe", "", "\U0010ffff"},
		{"behind a byte that is no UTF-8", []string{"a/\xff1", "a/\xff2", "a/\xff3"}, "", "a/\xff1", "", ""},
		{"before one", []string{"a/1", "a/2", "a/\xff3"}, "", "a/1", "", "a/2"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			st := &listings{Memory: storetest.NewMemory()}
			for _, k := range c.keys {
				st.Put(store.Attrs{Name: k}, nil)
			}
			got, err := middle(t.Context(), st, c.prefix, c.at, c.to)
			if err != nil || got != c.want {
				t.Errorf("%q, %v; want %q", got, err, c.want)
			}
			if st.n > 30 {
				t.Errorf("%d listings for %q", st.n, got)
			}
		})
	}
}

// TestCut takes ends off a span while it goes on.
func TestCut(t *testing.T) {
	s := new(span)
	if !s.pass("c") {
		t.Fatal("it does not begin")
	}
	for _, mid := range []string{"", "a", "c"} {
		if _, ok := s.cut(mid); ok {
			t.Errorf("cut at %q, which it has passed", mid)
		}
	}
	rest, ok := s.cut("m")
	if !ok {
		t.Fatal("not cut")
	}
	if _, ok := s.cut("m"); ok {
		t.Error("cut twice at one place")
	}
	var mine, theirs []string
	for c := byte('d'); c <= 'z'; c++ {
		if s.pass(string(c)) {
			mine = append(mine, string(c))
		}
		if from, _ := rest.bounds(); string(c) >= from && rest.pass(string(c)) {
			theirs = append(theirs, string(c))
		}
	}
	if len(mine) != 9 || len(theirs) != 14 || slices.Contains(mine, "m") {
		t.Errorf("%q and %q", mine, theirs)
	}
}

// TestSuccessor holds it to the order of strings: what begins with s is less.
func TestSuccessor(t *testing.T) {
	for _, s := range []string{"a", "a/", "é", "\ud7ff", "a\u007f", "🦔"} {
		next := successor(s)
		if !utf8.ValidString(next) || next <= s+"\U0010ffff\U0010ffff" {
			t.Errorf("%q after %q", next, s)
		}
	}
	if next := successor("a\U0010ffff"); next != "" {
		t.Errorf("%q after the greatest character", next)
	}
}
