package cloud

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"cloud.google.com/go/storage"
	"github.com/fsouza/fake-gcs-server/fakestorage"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"

	"burnish/scripts/faults/check"
)

// killer is the processes, of which none sleeps.
type killer func(through string) bool

func (k killer) Kill(through string) bool { return k(through) }
func (k killer) Awake(string) bool        { return true }

// front is a server with a bucket, and a client that comes through the front and tries once.
func front(t *testing.T, kill killer) (*Storage, *storage.BucketHandle) {
	t.Helper()
	s, err := NewStorage(NewDice(1, t.Name()), kill)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.Server.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: "b"})
	address, err := s.Listen()
	if err != nil {
		t.Fatal(err)
	}
	client, err := storage.NewClient(t.Context(), option.WithEndpoint("http://"+address+"/storage/v1/"),
		option.WithoutAuthentication(), storage.WithXMLReads())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return s, client.Bucket("b").Retryer(storage.WithPolicy(storage.RetryNever))
}

func write(t *testing.T, b *storage.BucketHandle, generation string) error {
	t.Helper()
	w := b.Object("dir/o#ü").NewWriter(t.Context())
	w.ChunkSize = 0
	w.Metadata = map[string]string{"generation": generation}
	_, err := w.Write([]byte("some bytes"))
	return errors.Join(err, w.Close())
}

func read(t *testing.T, b *storage.BucketHandle) (string, error) {
	t.Helper()
	r, err := b.Object("dir/o#ü").NewReader(t.Context())
	if err != nil {
		return "", err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	return string(data), err
}

func TestStorageWithoutFaults(t *testing.T) {
	s, b := front(t, nil)
	for _, generation := range []string{"1", "2", ""} {
		if err := write(t, b, generation); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := read(t, b); err != nil || got != "some bytes" {
		t.Errorf("read %q, %v", got, err)
	}
	got := s.Writes()
	for i := range got {
		if got[i].Generation == 0 {
			t.Errorf("a write without a generation: %+v", got[i])
		}
		got[i].Generation = 0
	}
	want := []check.Write{{Object: "dir/o#ü", Source: 1}, {Object: "dir/o#ü", Source: 2}, {Object: "dir/o#ü"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestStorageFaults(t *testing.T) {
	code := func(err error) int {
		var api *googleapi.Error
		if errors.As(err, &api) {
			return api.Code
		}
		return 0
	}
	for fault, want := range map[int]struct {
		fails   bool // for the client
		code    int
		written bool
		kills   bool
	}{
		throttled:   {fails: true, code: http.StatusTooManyRequests},
		unavailable: {fails: true, code: http.StatusServiceUnavailable},
		reset:       {fails: true},
		half:        {fails: true, written: true},
		lost:        {fails: true, written: true},
		slow:        {written: true},
		killBefore:  {fails: true, kills: true},
		killAfter:   {fails: true, written: true, kills: true},
	} {
		t.Run(storageFaults[fault-1], func(t *testing.T) {
			var killed []string
			s, b := front(t, func(through string) bool {
				killed = append(killed, through)
				return true
			})
			s.chances = make([]int, killAfter)
			s.chances[fault-1] = 1000
			s.dice.Begin()
			err := write(t, b, "1")
			s.dice.End()
			if (err != nil) != want.fails || code(err) != want.code {
				t.Errorf("the client sees %v", err)
			}
			if written := len(s.Writes()) == 1; written != want.written {
				t.Errorf("written: %v", written)
			}
			if _, err := read(t, b); (err == nil) != want.written {
				t.Errorf("read after it: %v", err)
			}
			if (len(killed) == 1) != want.kills {
				t.Errorf("killed %q", killed)
			}
			if n := s.Faults()[storageFaults[fault-1]]; n != 1 {
				t.Errorf("%d are counted", n)
			}
		})
	}
}

// A process that asks for something is not killed for it: it leaves nothing half done.
func TestStorageKillsWriters(t *testing.T) {
	s, b := front(t, func(string) bool { t.Error("a reader was killed"); return true })
	if err := write(t, b, "1"); err != nil {
		t.Fatal(err)
	}
	s.chances = []int{killBefore - 1: 500, killAfter - 1: 500}
	s.dice.Begin()
	if _, err := read(t, b); err != nil {
		t.Error(err)
	}
}

// Half an answer does not look like a whole one.
func TestStorageHalfARead(t *testing.T) {
	s, b := front(t, nil)
	if err := write(t, b, "1"); err != nil {
		t.Fatal(err)
	}
	s.chances = []int{half - 1: 1000}
	address, err := s.Listen()
	if err != nil {
		t.Fatal(err)
	}
	s.dice.Begin()
	answer, err := http.Get("http://" + address + "/b/" + url.PathEscape("dir/o#ü"))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if got, err := io.ReadAll(answer.Body); err == nil || answer.StatusCode != http.StatusOK || answer.ContentLength != 10 {
		t.Errorf("read %q of %d bytes, %d, %v", got, answer.ContentLength, answer.StatusCode, err)
	}
}

// A request is carried out though its client has given up.
func TestStorageLate(t *testing.T) {
	s, _ := front(t, nil)
	s.chances = []int{late - 1: 1000}
	address, err := s.Listen()
	if err != nil {
		t.Fatal(err)
	}
	s.dice.Begin()
	client := http.Client{Timeout: 10 * time.Millisecond}
	_, err = client.Post("http://"+address+"/upload/storage/v1/b/b/o?uploadType=media&name="+url.QueryEscape("o"), "text/plain", nil)
	if err == nil {
		t.Fatal("it was not late")
	}
	for range 400 {
		if len(s.Writes()) == 1 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("it was never carried out")
}
