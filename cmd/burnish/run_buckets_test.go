package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"burnish/worker/store"
)

// TestRunWithBuckets takes a run, and whatever reads what it has done, through all that it may
// be given at either end.
func TestRunWithBuckets(t *testing.T) {
	b := newBuckets(t, "in", "out", "both")
	for _, tt := range []struct{ name, src, dst string }{
		{"folder to bucket", "", "gs://out"},
		{"bucket to folder", "gs://in/photos", ""},
		{"bucket to bucket", "gs://in/more/", "gs://out/of/in"},
		{"within a bucket", "gs://both/in", "gs://both/out"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			recipe := writeFile(t, filepath.Join(dir, "quick.yaml"), quick)
			src, dst, put := tt.src, tt.dst, b.putter(t, tt.src)
			if src == "" {
				src = filepath.Join(dir, "in")
				put = func(key, content string) { writeFile(t, filepath.Join(src, key), content) }
			}
			if dst == "" {
				dst = filepath.Join(dir, "out")
			}
			put("a.jpg", sample(t, "apple.jpg"))
			put("b/c.jpg", sample(t, "orange.jpg"))
			put("cut.jpg", sample(t, "orange.jpg")[:3000])
			put("notes.txt", "not a photo")
			put(".thumbs/a.jpg", sample(t, "apple.jpg"))

			if p := planJSON(t, src, dst, "--recipe", recipe, "--sheet", ""); p.Found.Missing != 4 || p.Estimate.Done.Expected != 2 {
				t.Errorf("planned %+v", p)
			}
			s := runJSON(t, exitFailures, src, dst, "--recipe", recipe)
			if s.Done != 2 || s.failures() != 1 {
				t.Errorf("first run: %+v", s)
			}
			put("cut.jpg", sample(t, "board.jpg"))
			put("a.jpg", sample(t, "board.jpg"))
			if s = runJSON(t, 0, src, dst, "--recipe", recipe); s.Done != 2 || s.Fresh != 1 {
				t.Errorf("after two photos changed: %+v", s)
			}
			if s = runJSON(t, 0, src, dst, "--recipe", recipe); s.Done != 0 || s.Fresh != 3 {
				t.Errorf("with nothing to do: %+v", s)
			}
			manifests, variants := publishedIn(t, b.openAny(t, dst))
			if len(manifests) != 3 || len(variants) != 12 {
				t.Errorf("%d manifests and %d variants", len(manifests), len(variants))
			}
			for _, said := range []struct{ verb, args, want string }{
				{"status", "", "recipe quick"},
				{"failures", "", "no failures"},
				{"inspect", "b/c.jpg", "recipe quick"},
			} {
				got := burnish(t, append([]string{said.verb, dst}, strings.Fields(said.args)...)...)
				if got.status != 0 || !strings.Contains(strings.Join(strings.Fields(got.stdout), " "), said.want) {
					t.Errorf("%s does not say %q: %+v", said.verb, said.want, got)
				}
			}
		})
	}
}

// putter returns how to upload photos to a URL, or nil for a folder.
func (b *buckets) putter(t *testing.T, url string) func(key, content string) {
	t.Helper()
	name, prefix, _ := strings.Cut(strings.TrimPrefix(url, "gs://"), "/")
	prefix = strings.TrimSuffix(prefix, "/") + "/"
	return func(key, content string) { b.upload(name, prefix+key, content) }
}

// openAny opens what a run has written to.
func (b *buckets) openAny(t *testing.T, place string) store.Store {
	t.Helper()
	if strings.HasPrefix(place, "gs://") {
		return b.open(t, place)
	}
	d, err := store.OpenDirectory(place)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func TestInterruptIntoABucket(t *testing.T) {
	b := newBuckets(t, "out")
	src, _, recipe := manyPhotos(t, 60)
	p := start(t, raced(t, "run", src, "gs://out", "--recipe", recipe))
	out := b.open(t, "gs://out")
	waitFor(t, func() bool { return len(manifestsIn(t, out)) > 5 })
	_ = p.Process.Signal(os.Interrupt)
	<-p.ended
	if got := p.ProcessState.ExitCode(); got != exitInterrupted || !strings.Contains(p.said.String(), "interrupted") {
		t.Errorf("exit status %d, said %q", got, p.said.String())
	}
	before, _ := publishedIn(t, out)
	s := runJSON(t, 0, src, "gs://out", "--recipe", recipe)
	if s.Done == 0 || s.Done+s.Fresh != 60 || s.Fresh < int64(len(before)) {
		t.Errorf("after %d photos were published, the next run: %+v", len(before), s)
	}
	if after, _ := publishedIn(t, out); len(after) != 60 {
		t.Errorf("%d photos are published", len(after))
	}
}

// A bucket has no lock: what two runs do at once must come out as if one had done it.
func TestTwoRunsIntoOneBucket(t *testing.T) {
	b := newBuckets(t, "out", "alone")
	src, _, recipe := manyPhotos(t, 30)
	first := start(t, raced(t, "run", src, "gs://out", "--recipe", recipe))
	second := start(t, raced(t, "run", src, "gs://out", "--recipe", recipe))
	for _, p := range []*process{first, second} {
		if <-p.ended; p.ProcessState.ExitCode() != 0 {
			t.Errorf("exit status %d", p.ProcessState.ExitCode())
		}
	}
	runJSON(t, 0, src, "gs://alone", "--recipe", recipe)
	manifests, got := publishedIn(t, b.open(t, "gs://out"))
	_, want := publishedIn(t, b.open(t, "gs://alone"))
	if diff := cmp.Diff(want, got); diff != "" || len(manifests) != 30 {
		t.Errorf("%d photos are published, or otherwise than by one run", len(manifests))
	}
}

func TestBucketsThatCannotBeUsed(t *testing.T) {
	b := newBuckets(t, "in", "out")
	b.upload("in", "a.jpg", sample(t, "apple.jpg"))
	src := t.TempDir()
	for _, tt := range []struct {
		name   string
		args   []string
		env    []string
		refuse int // status of every answer
		status int
		says   string
	}{
		{"no bucket to read from", []string{"run", "gs://nowhere", "gs://out"}, nil, 0, exitNotStarted, "source: gs://nowhere: "},
		{"no bucket to write to", []string{"run", src, "gs://nowhere"}, nil, 0, exitNotStarted, "the bucket does not exist"},
		{"no bucket to look at", []string{"status", "gs://nowhere"}, nil, 0, exitNotStarted, "the bucket does not exist"},
		{"no bucket with failures", []string{"failures", "gs://nowhere"}, nil, 0, exitNotStarted, "the bucket does not exist"},
		{"no bucket to inspect", []string{"inspect", "gs://nowhere", "a.jpg"}, nil, 0, exitNotStarted, "the bucket does not exist"},
		{"no folder to read from", []string{"run", filepath.Join(src, "im"), "gs://out"}, nil, 0, exitNotStarted, "source: there is no folder"},
		{"a file to write to", []string{"run", "gs://in", os.Args[0]}, nil, 0, exitNotStarted, "is a file"},
		{"one place", []string{"run", "gs://in", "gs://in"}, nil, 0, exitUsage, "its own output"},
		{"one within the other", []string{"run", "gs://in", "gs://in/out"}, nil, 0, exitUsage, "its own output"},
		{"another service", []string{"run", "s3://in", "gs://out"}, nil, 0, exitUsage, `"s3://in"`},
		{"no name", []string{"status", "gs://"}, nil, 0, exitNotStarted, "expected gs://bucket"},
		{"nothing done yet", []string{"status", "gs://out"}, nil, 0, exitFailures, "nothing has been run"},
		{"no permission", []string{"run", "gs://in", "gs://out"}, nil, http.StatusForbidden, exitNotStarted, "lacks a role"},
		{"no permission to look", []string{"status", "gs://out"}, nil, http.StatusForbidden, exitNotStarted, "lacks a role"},
		{
			"no credentials",
			[]string{"run", "gs://in", "gs://out"},
			[]string{"STORAGE_EMULATOR_HOST=", "GOOGLE_APPLICATION_CREDENTIALS=/nowhere/key.json"},
			0, exitNotStarted, "gcloud auth application-default login",
		},
		{
			"no credentials to look",
			[]string{"failures", "gs://out"},
			[]string{"STORAGE_EMULATOR_HOST=", "GOOGLE_APPLICATION_CREDENTIALS=/nowhere/key.json"},
			0, exitNotStarted, "/nowhere/key.json",
		},
		{"no writes", []string{"run", "gs://in", "gs://out", "--write-rate", "0"}, nil, 0, exitUsage, "--write-rate"},
		{"no room for a photo", []string{"run", "gs://in", "gs://out", "--prefetch-bytes", "0"}, nil, 0, exitUsage, "--prefetch-bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			trouble := func(w http.ResponseWriter, _ *http.Request) bool {
				if tt.refuse != 0 {
					http.Error(w, fmt.Sprintf(`{"error":{"code":%d,"message":"no"}}`, tt.refuse), tt.refuse)
				}
				return tt.refuse != 0
			}
			b.trouble.Store(&trouble)
			cmd := program(t, tt.args...)
			cmd.Env = append(cmd.Env, tt.env...)
			got := finish(t, cmd)
			if got.status != tt.status || !strings.Contains(got.stderr, tt.says) {
				t.Errorf("exit status %d, want %d; stderr %q, want %q in it", got.status, tt.status, got.stderr, tt.says)
			}
		})
	}
}

// While one photo is worked on, others must be on their way already: here no request is answered
// before as many photos are asked for as are to be in hand.
func TestPhotosInHand(t *testing.T) {
	b := newBuckets(t, "out")
	var asked atomic.Int32
	all := make(chan struct{})
	trouble := func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || !strings.HasPrefix(r.URL.Path, "/out/manifests/") {
			return false
		}
		if asked.Add(1) == 6 {
			close(all)
		}
		select {
		case <-all:
		case <-time.After(20 * time.Second):
			t.Errorf("%d photos are in hand", asked.Load())
		}
		return false
	}
	b.trouble.Store(&trouble)
	src, _, recipe := manyPhotos(t, 12)
	if s := runJSON(t, 0, src, "gs://out", "--recipe", recipe, "--jobs", "1"); s.Done != 12 {
		t.Errorf("%+v", s)
	}
}
