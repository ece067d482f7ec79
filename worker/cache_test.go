package worker

import (
	"context"
	"strings"
	"sync"
	"testing"

	"burnish/imaging"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

// told keeps what a bucket would tell those who fetch its objects, by name.
type told struct {
	store.Store
	mu    sync.Mutex
	cache map[string]string
}

func (s *told) Write(ctx context.Context, name string, data []byte, opts store.WriteOptions) (store.Attrs, error) {
	s.mu.Lock()
	s.cache[name] = opts.CacheControl
	s.mu.Unlock()
	return s.Store.Write(ctx, name, data, opts)
}

// TestCaching replaces a photo. A URL that may be cached for ever must go on meaning the same
// bytes; any other, and the manifest that names both, must not be cached for long.
func TestCaching(t *testing.T) {
	for _, tt := range []struct {
		name   string
		output imaging.Output
		want   string // of variants
		stays  bool   // the URL of the first photo
	}{
		{"in place", imaging.Output{}, "max-age=3600", false},
		{"fingerprint in path", imaging.Output{FingerprintInPath: true}, "max-age=31536000, immutable", true},
		{"as the recipe says", imaging.Output{CacheControl: "no-store"}, "no-store", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			dest := &told{Store: b.Dest, cache: make(map[string]string)}
			b.Config.Dest, b.Config.Recipe.Output = dest, tt.output
			b.Worker = New(b.Config)
			b.put("a.jpg", "one")
			b.handle("a.jpg")
			first, _, err := ReadManifest(t.Context(), dest, "a.jpg")
			if err != nil {
				t.Fatal(err)
			}
			b.put("a.jpg", "two")
			if o, _ := b.handle("a.jpg"); o.Status != ledger.Done {
				t.Fatalf("the second photo: %+v", o)
			}
			b.check("a.jpg", "two")
			for name, got := range dest.cache {
				want := tt.want
				if strings.HasPrefix(name, ManifestPrefix) {
					want = "no-cache"
				}
				if got != want {
					t.Errorf("%s may be cached as %q, want %q", name, got, want)
				}
			}
			if tt.stays {
				b.checkVariants(first, "one")
			}
			if stays := len(dest.cache) == 7; stays != tt.stays {
				t.Errorf("objects written: %v", dest.cache)
			}
		})
	}
}
