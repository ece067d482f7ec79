package keylist

import "crypto/sha256"

// remembered is how many names are remembered at least, to tell repeated ones: 16 bytes each,
// twice as many at most.
const remembered = 500_000

// recent tells whether a name came among the last ones. A name that comes again after more than
// that many others is taken for a new one, which costs a look at the photo.
type recent struct {
	now, before map[[16]byte]struct{}
}

func newRecent() recent { return recent{now: make(map[[16]byte]struct{})} }

// add reports whether the name is new.
func (r *recent) add(name string) bool {
	sum := sha256.Sum256([]byte(name))
	id := [16]byte(sum[:16])
	if _, ok := r.now[id]; ok {
		return false
	}
	_, known := r.before[id]
	if len(r.now) == remembered {
		r.before, r.now = r.now, make(map[[16]byte]struct{})
	}
	r.now[id] = struct{}{}
	return !known
}
