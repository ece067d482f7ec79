package check

import (
	"fmt"
	"maps"
	"slices"

	"burnish/queue"
)

// good lists the photos that must be published: there at the end, and good. The last content
// of each comes with it.
func (e *Evidence) good() map[queue.Key]Content {
	m := make(map[queue.Key]Content)
	for key, contents := range e.Photos {
		if last := contents[len(contents)-1]; last.Kind == Good && !e.Absent[key] {
			m[key] = last
		}
	}
	return m
}

// Good is how many photos must be published.
func (e *Evidence) Good() int { return len(e.good()) }

// sorted walks the photos that must be published, and joins what is said of them.
func (e *Evidence) sorted(say func(queue.Key, Content) []string) []string {
	good := e.good()
	var all []string
	for _, key := range slices.Sorted(maps.Keys(good)) {
		all = append(all, say(key, good[key])...)
	}
	return all
}

func unpublished(e *Evidence) []string {
	return e.sorted(func(key queue.Key, last Content) []string {
		m, ok := e.Manifests[key]
		switch {
		case !ok:
			return []string{fmt.Sprintf("%q has no manifest", key)}
		case m.Source != last.Generation:
			return []string{fmt.Sprintf("%q is published at generation %d instead of %d", key, m.Source, last.Generation)}
		case len(m.Variants) == 0:
			return []string{fmt.Sprintf("%q is published without variants", key)}
		}
		return nil
	})
}

func variants(e *Evidence) []string {
	return e.sorted(func(key queue.Key, _ Content) (all []string) {
		for name, said := range e.Manifests[key].Variants {
			there, ok := e.Objects[name]
			switch {
			case !ok:
				all = append(all, fmt.Sprintf("%s of %q is not there", name, key))
			case there.Damage != "":
				all = append(all, fmt.Sprintf("%s of %q: %s", name, key, there.Damage))
			case there.Generation != said.Generation || there.Bytes != said.Bytes:
				all = append(all, fmt.Sprintf("%s of %q has %d bytes and generation %d; its manifest says %d and %d",
					name, key, there.Bytes, there.Generation, said.Bytes, said.Generation))
			}
		}
		return all
	})
}

// pixels compares bytes: encoders of one build make the same bytes of the same pixels.
func pixels(e *Evidence) []string {
	return e.sorted(func(key queue.Key, _ Content) (all []string) {
		clean, ok := e.Clean[key]
		if !ok {
			return []string{fmt.Sprintf("%q is not published by a run without faults either", key)}
		}
		if got, want := slices.Sorted(maps.Keys(e.Manifests[key].Variants)), slices.Sorted(maps.Keys(clean.Variants)); !slices.Equal(got, want) {
			return []string{fmt.Sprintf("%q has the variants %q instead of %q", key, got, want)}
		}
		for name, want := range clean.Variants {
			if got := e.Objects[name]; got.SHA256 != want.SHA256 {
				all = append(all, fmt.Sprintf("%s of %q has other bytes than that of a run without faults: %d instead of %d",
					name, key, got.Bytes, want.Bytes))
			}
		}
		return all
	})
}

func overwritten(e *Evidence) []string {
	last := make(map[string]Write)
	var all []string
	for _, w := range e.Writes {
		if before, ok := last[w.Object]; ok && w.Source < before.Source {
			all = append(all, fmt.Sprintf("%s, made from generation %d, was overwritten with what was made from %d",
				w.Object, before.Source, w.Source))
		}
		last[w.Object] = w
	}
	return all
}
