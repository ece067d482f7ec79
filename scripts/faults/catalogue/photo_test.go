package catalogue

import (
	"bytes"
	"image"
	"math/rand/v2"
	"testing"

	"burnish/scripts/faults/check"
)

func TestTake(t *testing.T) {
	take := func(seed uint64) func(check.Kind) []byte {
		c, err := NewCamera("../../../testdata/photos", rand.New(rand.NewPCG(seed, 0)))
		if err != nil {
			t.Fatal(err)
		}
		return c.Take
	}
	one, same, other := take(1), take(1), take(2)
	a, b, c := one(check.Good), same(check.Good), other(check.Good)
	if !bytes.Equal(a, b) {
		t.Error("one seed gives two photos")
	}
	if bytes.Equal(a, c) || bytes.Equal(a, one(check.Good)) {
		t.Error("two photos are the same")
	}
	for kind, reads := range map[check.Kind]bool{
		check.Good: true, check.Crashes: true, check.Hangs: true,
		check.Corrupt: false, check.Truncated: false, check.Unsupported: false, check.NotAPhoto: false,
	} {
		if _, _, err := image.Decode(bytes.NewReader(one(kind))); (err == nil) != reads {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestNoSamples(t *testing.T) {
	if _, err := NewCamera(t.TempDir(), nil); err == nil {
		t.Error("there is a camera without samples")
	}
}
