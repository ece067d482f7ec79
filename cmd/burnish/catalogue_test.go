package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/image/draw"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/batch"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

// catalogue is 2,000 photos, some of them bad, and a way to have them done.
type catalogue struct {
	src, dst  string
	dest      store.Store // at dst
	put       func(key, content string)
	program   func(t *testing.T, args ...string) *exec.Cmd
	recipe    string
	flags     []string
	rerun     []string // of a rerun, besides
	manifests func() int
	died      func() // what else there is to a death
}

const (
	photosOfCatalogue = 2000
	badOf             = 10 // every tenth is truncated, the next one is no photo
)

// TestCatalogueInFolders is what testMany is for a fleet.
func TestCatalogueInFolders(t *testing.T) {
	dir := t.TempDir()
	src, dst := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	writeFile(t, filepath.Join(dst, "README"), "what is not of Burnish is left alone")
	recipe := writeFile(t, filepath.Join(dir, "tiny.yaml"), tiny)
	catalogue{
		src: src, dst: dst, dest: reading(t, dst),
		put:       func(key, content string) { writeFile(t, filepath.Join(src, key), content) },
		program:   program,
		recipe:    recipe,
		rerun:     []string{"--recipe", recipe},
		manifests: func() int { return files(filepath.Join(dst, "manifests")) },
		died:      func() {},
	}.test(t)
}

// test kills a backfill three times, lets it come to its end, mends the photos that were bad and
// has them done again. Nothing is lost, and in the end nothing is left to do.
func (c catalogue) test(t *testing.T) {
	c.flags = append(c.flags, "--json")
	good, bad := c.upload(t)
	backfill := func() *exec.Cmd {
		return c.program(t, append([]string{"backfill", c.src, c.dst, "--recipe", c.recipe}, c.flags...)...)
	}
	for range 3 {
		before := c.manifests()
		p := start(t, backfill())
		waitFor(t, func() bool { return c.manifests() > before+300 })
		_ = p.Process.Kill()
		<-p.ended
		c.died()
	}
	if got := finish(t, c.program(t, "status", c.dst)); !strings.Contains(got.stdout, ": died\n") {
		t.Errorf("status of a backfill that was killed: %+v", got)
	}
	if s := closing(t, backfill(), exitFailures); s.failures() != int64(len(bad)) || s.Fresh < 900 {
		t.Errorf("%d failures at the end, want %d; %d were fresh", s.failures(), len(bad), s.Fresh)
	}
	b := c.newest(t, 1)
	if b.State != batch.Finished || b.Totals.Seen != photosOfCatalogue {
		t.Errorf("the batch that was killed thrice: %+v", b)
	}
	c.expectFailed(t, b.ID, bad)
	if n := c.manifests(); n != len(good) {
		t.Errorf("%d photos are published, want %d", n, len(good))
	}

	stubborn := c.mend(t, good, bad, 10)
	rerun := func() *exec.Cmd {
		return c.program(t, slices.Concat([]string{"rerun", c.dst, b.ID}, c.flags, c.rerun)...)
	}
	before := c.manifests()
	p := start(t, rerun())
	waitFor(t, func() bool { return c.manifests() > before+50 })
	_ = p.Process.Kill()
	<-p.ended
	c.died()
	closing(t, rerun(), exitFailures)
	if b := c.newest(t, 2); b.State != batch.Finished || b.Expected != int64(len(bad)) {
		t.Errorf("the rerun that was killed: %+v", b)
	} else {
		c.expectFailed(t, b.ID, stubborn)
	}
	c.expectStanding(t, b.ID, stubborn, 1)
	c.mend(t, good, stubborn, 0)
	if s := closing(t, rerun(), 0); s.Done != int64(len(stubborn)) {
		t.Errorf("when the last are mended: %+v", s)
	}
	c.expectStanding(t, b.ID, nil, 2)
	c.expectPublished(t, good)
	if s := closing(t, backfill(), 0); s.Done != 0 || s.Fresh != photosOfCatalogue {
		t.Errorf("when nothing is left: %+v", s)
	}
	if b := c.newest(t, 4); b.Totals.Published != 0 {
		t.Errorf("the second backfill published %d", b.Totals.Published)
	}
}

// mend uploads good photos in place of bad ones, but for some, which it returns.
func (c catalogue) mend(t *testing.T, good map[queue.Key]string, bad map[queue.Key]imaging.Reason, but int) map[queue.Key]imaging.Reason {
	t.Helper()
	left := make(map[queue.Key]imaging.Reason)
	for key, reason := range bad {
		if len(left) < but {
			left[key] = reason
			continue
		}
		good[key] = goodAt(t, key)
		c.put(string(key), good[key])
	}
	return left
}

// expectStanding compares what a batch's status says of it after some reruns.
func (c catalogue) expectStanding(t *testing.T, id string, broken map[queue.Key]imaging.Reason, reruns int) {
	t.Helper()
	var old batchStatus
	decode(t, finish(t, c.program(t, "status", c.dst, id, "--json")), &old)
	n := total(old.Standing.Broken)
	// Of the last rerun there are sums: what was in flight when it was killed may have failed twice.
	if s := old.Standing; n < int64(len(broken)) || n > 2*int64(len(broken)) || len(s.Repairs) != reruns || s.Waiting+s.Dropped != 0 || s.Repairs[0].Lane != queue.Rerun {
		t.Errorf("the batch that was repaired: %+v, want %d broken after %d reruns", s, len(broken), reruns)
	}
}

// upload puts the photos into the source and returns the good ones and of what the bad ones fail.
func (c catalogue) upload(t *testing.T) (good map[queue.Key]string, bad map[queue.Key]imaging.Reason) {
	t.Helper()
	good, bad = make(map[queue.Key]string), make(map[queue.Key]imaging.Reason)
	for i := range photosOfCatalogue {
		key := queue.Key(fmt.Sprintf("%02d/%04d.jpg", i%7, i))
		content := goodAt(t, key)
		switch i % badOf {
		case 0:
			content = content[:len(content)/2]
			bad[key] = imaging.Truncated
		case 1:
			content = "<!DOCTYPE html><title>404</title>" + string(key)
			bad[key] = imaging.Unsupported
		default:
			good[key] = content
		}
		c.put(string(key), content)
	}
	return good, bad
}

// newest returns the record of the newest batch, of so many.
func (c catalogue) newest(t *testing.T, of int) (b *batch.Batch) {
	t.Helper()
	n := 0
	for each, err := range batch.List(t.Context(), c.dest) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 1 {
			b = each
		}
	}
	if n != of {
		t.Fatalf("%d batches, want %d", n, of)
	}
	return b
}

// expectFailed compares the failures in a ledger.
func (c catalogue) expectFailed(t *testing.T, id string, want map[queue.Key]imaging.Reason) {
	t.Helper()
	n := 0
	for o, err := range ledger.Outcomes(t.Context(), c.dest, id, ledger.Filter{Status: ledger.Failed}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		if o.Reason != want[o.Key] {
			t.Errorf("%q failed as %s, want %q", o.Key, o.Reason, want[o.Key])
		}
	}
	if n != len(want) {
		t.Errorf("%d failures in the ledger, want %d", n, len(want))
	}
}

// expectPublished checks that every good photo, and nothing else, is published as it was uploaded
// last.
func (c catalogue) expectPublished(t *testing.T, want map[queue.Key]string) {
	t.Helper()
	manifests, variants := publishedIn(t, c.dest)
	if len(manifests) != len(want) || len(variants) != len(want) {
		t.Errorf("%d manifests and %d variants, want %d of each", len(manifests), len(variants), len(want))
	}
	for key, content := range want {
		if sum := sha256.Sum256([]byte(content)); manifests[key].SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("%q is published of other bytes, or not at all: %+v", key, manifests[key])
		}
	}
}

// tiny is a recipe that takes a millisecond a photo.
const tiny = `
name: tiny
variants:
  widths: [24]
  jpeg: {quality: 70, trellis: false, optimize_scans: false}
`

// goodAt returns a small photo that no other key has.
func goodAt(t *testing.T, key queue.Key) string {
	t.Helper()
	photos, err := tinyPhotos()
	if err != nil {
		t.Fatal(err)
	}
	photo := photos[int(key[len(key)-len("0.jpg")])%len(photos)]
	const start = "\xff\xd8"
	comment := "\xff\xfe\x00" + string(rune(len(key)+2)) + string(key)
	return start + comment + strings.TrimPrefix(photo, start)
}

// tinyPhotos returns some of the sample photos at 48 by 32 pixels, as JPEG.
var tinyPhotos = sync.OnceValues(func() (all []string, err error) {
	for _, name := range []string{"apple.jpg", "orange.jpg", "fruits.jpg", "board.jpg", "rocket.jpg"} {
		data, err := os.ReadFile(filepath.Join("../../testdata/photos", name))
		if err != nil {
			return nil, err
		}
		large, err := jpeg.Decode(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		small := image.NewRGBA(image.Rect(0, 0, 48, 32))
		draw.ApproxBiLinear.Scale(small, small.Bounds(), large, large.Bounds(), draw.Src, nil)
		var b bytes.Buffer
		if err := jpeg.Encode(&b, small, nil); err != nil {
			return nil, err
		}
		all = append(all, b.String())
	}
	return all, nil
})
