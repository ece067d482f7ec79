package batch

import (
	"context"
	"sort"
	"strings"
	"unicode/utf8"

	"burnish/worker/store"
)

// middle looks for a key about half way between at and to, both exclusive, among the photos
// with a prefix. Nobody knows how many there are, so half way is by the first character in
// which they differ: for numbers, hashes and dates about the half of them. It returns "" when
// the keys that are left all go on as at does.
//
// The keys are looked at by listings of which only the first name is used, about ten. Bounds
// are cut between characters, as Cloud Storage takes them in UTF-8 only.
func middle(ctx context.Context, src store.Store, prefix, at, to string) (string, error) {
	p := probe{ctx: ctx, src: src, prefix: prefix, to: to}
	ends := characters(at, common(at, to, len(prefix)))
	// How much of at the last key shares: the longer the part that is counted up, the sooner
	// there is a key behind it.
	i := sort.Search(len(ends), func(i int) bool {
		after := successor(at[:ends[i]])
		return after != "" && p.first(after) != ""
	})
	if i == len(ends) || p.err != nil {
		return "", p.err
	}
	stem := at[:ends[i]]
	last, size := utf8.DecodeLastRuneInString(stem)
	return p.between(stem[:len(stem)-size], last)
}

// common is the length of what at shares with to, and at least that of the prefix.
func common(at, to string, prefix int) int {
	n := 0
	for n < len(at) && n < len(to) && at[n] == to[n] {
		n++
	}
	return max(n, prefix)
}

// characters returns where those of s end that begin at an offset or after it, up to the first
// byte that is not UTF-8.
func characters(s string, from int) (ends []int) {
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		if i += size; i > from {
			ends = append(ends, i)
		}
	}
	return ends
}

// successor returns the first string after all that begin with s, or "" if there is none.
func successor(s string) string {
	r, size := utf8.DecodeLastRuneInString(s)
	if next := after(r); next <= utf8.MaxRune {
		return s[:len(s)-size] + string(next)
	}
	return ""
}

// after is the next character. Surrogates are none.
func after(r rune) rune {
	if r+1 == 0xd800 {
		return 0xe000
	}
	return r + 1
}

// probe looks single keys up. After an error it finds nothing.
type probe struct {
	ctx        context.Context
	src        store.Store
	prefix, to string
	err        error
}

// first returns the first key at or after a bound, or "" if there is none.
func (p *probe) first(from string) string {
	if p.err != nil || p.to != "" && from >= p.to {
		return ""
	}
	for o, err := range listing(p.ctx, p.src, "", p.prefix, from, p.to) {
		if err != nil {
			p.err = err
			return ""
		}
		return o.key
	}
	return ""
}

// between returns where to split keys that begin with stem and go on with low or something
// greater: before the first that exists at or after the middle of low and the greatest.
func (p *probe) between(stem string, low rune) (string, error) {
	greatest, beyond := low, rune(utf8.MaxRune)+1
	for step := rune(1); greatest+1 < beyond; { // first in growing steps, then by halves
		try := greatest + min(step, max(1, (beyond-greatest)/2))
		if r, ok := p.next(stem, try); ok {
			greatest, step = r, min(2*step, utf8.MaxRune)
		} else {
			beyond, step = try, utf8.MaxRune
		}
		if p.err != nil {
			return "", p.err
		}
	}
	r, ok := p.next(stem, low+(greatest-low+1)/2)
	if !ok {
		return "", p.err // they have been deleted meanwhile
	}
	return stem + string(r), p.err
}

// next returns the first character at or after r with which keys go on after stem.
func (p *probe) next(stem string, r rune) (rune, bool) {
	if r >= 0xd800 && r < 0xe000 {
		r = 0xe000
	}
	rest, ok := strings.CutPrefix(p.first(stem+string(r)), stem)
	if !ok || rest == "" {
		return 0, false
	}
	next, size := utf8.DecodeRuneInString(rest)
	return next, next != utf8.RuneError || size > 1
}
