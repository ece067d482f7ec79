package gemini_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"burnish/imaging"
	"burnish/imaging/gemini"
	"burnish/imaging/gemini/geminitest"
)

const prompt = "Put the shoe on a wooden table. prompt-secret"

// small is the built-in model with pictures that tests can afford.
func small() gemini.Model {
	m := gemini.BuiltinModel()
	m.Sizes = map[string]gemini.Size{"1K": {Side: 96, Tokens: 1120}}
	return m
}

// memory keeps answers for a test.
type memory struct {
	mu   sync.Mutex
	kept map[string][]byte
	fail error
}

func (m *memory) Load(_ context.Context, hash string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if data, ok := m.kept[hash]; ok {
		return data, nil
	}
	return nil, gemini.ErrNoAnswer
}

func (m *memory) Save(_ context.Context, hash string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	if m.kept == nil {
		m.kept = map[string][]byte{}
	}
	m.kept[hash] = data
	return nil
}

// serve starts a stand-in with pictures of the size of small's.
func serve(t *testing.T) *geminitest.Server {
	t.Helper()
	s := geminitest.Start(geminitest.Options{Sides: map[string]int{"1K": 96}})
	t.Cleanup(s.Close)
	return s
}

// client asks the stand-in as the Gemini API, unless change says otherwise.
func client(t *testing.T, s *geminitest.Server, change func(*gemini.Options)) *gemini.Client {
	t.Helper()
	o := gemini.Options{Model: small(), Key: "test-key", BaseURL: s.URL, Answers: &memory{}, Deadline: 20 * time.Second}
	o.Model.RequestsPerMinute = 1e6
	if change != nil {
		change(&o)
	}
	c, err := gemini.NewClient(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func vertex(o *gemini.Options) { o.Key, o.Project, o.Region = "", "shop", "global" }

// photo is a shaded picture.
func photo(t *testing.T) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, 64, 80))
	for y := range 80 {
		for x := range 64 {
			m.SetNRGBA(x, y, color.NRGBA{uint8(x * 4), uint8(y * 3), 120, 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func edit(t *testing.T) gemini.Request {
	return gemini.Request{Prompt: prompt, Photo: photo(t), Format: imaging.JPEG, Size: "1K", Aspect: "4:5", Seed: 7}
}

func TestEdit(t *testing.T) {
	for name, change := range map[string]func(*gemini.Options){"Gemini API": nil, "Vertex AI": vertex} {
		t.Run(name, func(t *testing.T) {
			s := serve(t)
			a, err := client(t, s, change).Edit(t.Context(), edit(t))
			if err != nil {
				t.Fatal(err)
			}
			m, err := png.Decode(bytes.NewReader(a.Image))
			if err != nil || a.Format != imaging.PNG || a.Width != m.Bounds().Dx() || a.Height != m.Bounds().Dy() || a.Width < 80 {
				t.Errorf("%s of %d × %d, %v: the draft of a thought, or no picture", a.Format, a.Width, a.Height, err)
			}
			if a.ModelVersion != "gemini-nano-banana-2.1" || a.ResponseID != "answer-1" || a.Stored {
				t.Errorf("answered by %q as %q, stored %v", a.ModelVersion, a.ResponseID, a.Stored)
			}
			b := s.Billed()
			if want := (gemini.Usage{Input: int64(b.Input), OutputText: int64(b.Text), OutputImage: int64(b.Image)}); a.Usage != want {
				t.Errorf("usage %+v, the stand-in counted %+v", a.Usage, want)
			}
			if math.Abs(a.Cost-b.USD) > 1e-9 || a.Cost < 0.03 {
				t.Errorf("cost %.6f dollars, the stand-in billed %.6f", a.Cost, b.USD)
			}
		})
	}
}

// TestWire pins what is sent. The photo's bytes are left out.
func TestWire(t *testing.T) {
	for name, change := range map[string]func(*gemini.Options){"gemini": nil, "vertex": vertex} {
		t.Run(name, func(t *testing.T) {
			s := serve(t)
			if _, err := client(t, s, change).Edit(t.Context(), edit(t)); err != nil {
				t.Fatal(err)
			}
			head, body := s.Last()
			var sent map[string]any
			if err := json.Unmarshal(body, &sent); err != nil {
				t.Fatal(err)
			}
			part := sent["contents"].([]any)[0].(map[string]any)["parts"].([]any)[0].(map[string]any)
			part["inlineData"].(map[string]any)["data"] = "(the photo)"
			got, err := json.MarshalIndent(sent, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(filepath.Join("testdata", name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
				t.Error(diff)
			}
			if key := head.Get("X-Goog-Api-Key"); (key == "test-key") != (name == "gemini") {
				t.Errorf("key %q", key)
			}
		})
	}
}

func TestReasons(t *testing.T) {
	tests := []struct {
		fault  geminitest.Fault
		want   gemini.Reason
		unsure bool // money may be lost without a word of it
	}{
		{geminitest.DayQuota, gemini.DayQuota, false},
		{geminitest.BadKey, gemini.Denied, false},
		{geminitest.Forbidden, gemini.Denied, false},
		{geminitest.Gone, gemini.ModelGone, false},
		{geminitest.Blocked, gemini.Blocked, false},
		{geminitest.NoImage, gemini.NoImage, false},
		{geminitest.Refused, gemini.Refused, false},
		{geminitest.TextOnly, gemini.TextOnly, false},
		{geminitest.WrongSize, gemini.WrongSize, false},
		{geminitest.Corrupt, gemini.CorruptImage, false},
		{geminitest.Huge, gemini.HugeReply, true},
		{geminitest.CutOff, gemini.Malformed, true},
		{geminitest.Garbage, gemini.Malformed, true},
	}
	for _, tt := range tests {
		t.Run(string(tt.fault), func(t *testing.T) {
			s := serve(t)
			s.Next(geminitest.Behaviour{Fault: tt.fault})
			var log bytes.Buffer
			c := client(t, s, func(o *gemini.Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
			_, err := c.Edit(t.Context(), edit(t))
			e := as(t, err)
			if e.Reason != tt.want {
				t.Errorf("reason %s, want %s: %v", e.Reason, tt.want, err)
			}
			billed := s.Billed()
			if told := e.Cost + e.Unsure; (e.Unsure > 0) != tt.unsure || told < billed.USD-0.001 {
				t.Errorf("told %.4f and %.4f unsure, billed %.4f", e.Cost, e.Unsure, billed.USD)
			}
			if billed.Requests != 1 {
				t.Errorf("%d requests for what does not pass", billed.Requests)
			}
			for _, secret := range []string{geminitest.Secret, "prompt-secret", "test-key"} {
				if strings.Contains(err.Error()+log.String(), secret) {
					t.Errorf("%q is told:\n%v\n%s", secret, err, &log)
				}
			}
		})
	}
}

func as(t *testing.T, err error) *gemini.Error {
	t.Helper()
	var e *gemini.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want a *gemini.Error", err)
	}
	return e
}

// TestPassingTrouble: what passes is tried again, as soon as the service asks for, and what is
// paid for once is not paid for again.
func TestPassingTrouble(t *testing.T) {
	s := serve(t)
	s.Next(geminitest.Behaviour{Fault: geminitest.Throttle, Retry: 10 * time.Millisecond},
		geminitest.Behaviour{Fault: geminitest.Overloaded})
	c := client(t, s, nil)
	first, err := c.Edit(t.Context(), edit(t))
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.Edit(t.Context(), edit(t))
	if err != nil || !again.Stored || !bytes.Equal(again.Image, first.Image) || again.Cost != first.Cost || again.Usage != first.Usage {
		t.Errorf("asked again: stored %v, %v", again.Stored, err)
	}
	if b := s.Billed(); b.Requests != 3 || b.Answers != 1 {
		t.Errorf("%d requests, %d billed", b.Requests, b.Answers)
	}
	other := edit(t)
	other.Seed++
	if a, err := c.Edit(t.Context(), other); err != nil || a.Stored {
		t.Errorf("another seed: stored %v, %v", a.Stored, err)
	}
}

// TestPatienceEnds: a wait that the deadline does not leave room for is not begun, and attempts
// are bounded.
func TestPatienceEnds(t *testing.T) {
	for _, fault := range []geminitest.Fault{geminitest.Throttle, geminitest.ThrottleHTTP} {
		s := serve(t)
		s.Decide(func(geminitest.Edit) geminitest.Behaviour {
			return geminitest.Behaviour{Fault: fault, Retry: time.Hour}
		})
		_, err := client(t, s, nil).Edit(t.Context(), edit(t))
		if e := as(t, err); e.Reason != gemini.Throttled || e.After != time.Hour || s.Billed().Requests != 1 {
			t.Errorf("%s: %v, after %d requests", fault, err, s.Billed().Requests)
		}
	}
	s := serve(t)
	s.Decide(func(geminitest.Edit) geminitest.Behaviour {
		return geminitest.Behaviour{Fault: geminitest.Throttle, Retry: time.Millisecond}
	})
	_, err := client(t, s, func(o *gemini.Options) { o.Attempts = 3 }).Edit(t.Context(), edit(t))
	if e := as(t, err); e.Reason != gemini.Throttled || s.Billed().Requests != 3 {
		t.Errorf("%v, after %d requests", err, s.Billed().Requests)
	}
}

func TestDeadline(t *testing.T) {
	s := serve(t)
	s.Next(geminitest.Behaviour{Delay: time.Minute}, geminitest.Behaviour{Delay: time.Minute})
	_, err := client(t, s, func(o *gemini.Options) { o.Deadline = 50 * time.Millisecond }).Edit(t.Context(), edit(t))
	if e := as(t, err); e.Reason != gemini.Deadline || e.Unsure == 0 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, unsure of %v dollars", err, e.Unsure)
	}
	stopped, stop := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, stop)
	if _, err = client(t, s, nil).Edit(stopped, edit(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

// TestFinalAnswersAreStored: a refusal is paid for once as well.
func TestFinalAnswersAreStored(t *testing.T) {
	s := serve(t)
	s.Next(geminitest.Behaviour{Fault: geminitest.NoImage})
	c := client(t, s, nil)
	_, first := c.Edit(t.Context(), edit(t))
	_, again := c.Edit(t.Context(), edit(t))
	if a, b := as(t, first), as(t, again); a.Stored || !b.Stored || b.Reason != gemini.NoImage || a.Cost != b.Cost || a.Cost == 0 {
		t.Errorf("first %+v, again %+v", a, b)
	}
	if n := s.Billed().Requests; n != 1 {
		t.Errorf("%d requests", n)
	}
}

// TestUnstored: what cannot be stored is not used, and its cost is told.
func TestUnstored(t *testing.T) {
	s := serve(t)
	full := errors.New("disk full")
	_, err := client(t, s, func(o *gemini.Options) { o.Answers = &memory{fail: full} }).Edit(t.Context(), edit(t))
	if e := as(t, err); e.Reason != gemini.Unstored || e.Cost < 0.03 || !errors.Is(err, full) {
		t.Errorf("%v, cost %v", err, e.Cost)
	}
}

// TestBreaker: a wrong key is told once, and no edit after it is sent.
func TestBreaker(t *testing.T) {
	s := serve(t)
	var log bytes.Buffer
	c := client(t, s, func(o *gemini.Options) {
		o.Key = "wrong-key"
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
	})
	for range 3 {
		if _, err := c.Edit(t.Context(), edit(t)); as(t, err).Reason != gemini.Denied || strings.Contains(err.Error(), "wrong-key") {
			t.Errorf("error %v", err)
		}
	}
	if n := strings.Count(log.String(), "edits are stopped"); n != 1 || strings.Contains(log.String(), "wrong-key") {
		t.Errorf("told %d times:\n%s", n, &log)
	}
}

func TestRequestsThatAreNotSent(t *testing.T) {
	s := serve(t)
	c := client(t, s, nil)
	for name, change := range map[string]func(*gemini.Request){
		"no prompt":        func(r *gemini.Request) { r.Prompt = "" },
		"a long prompt":    func(r *gemini.Request) { r.Prompt = strings.Repeat("x", gemini.MaxPrompt+1) },
		"no UTF-8":         func(r *gemini.Request) { r.Prompt = "\xff" },
		"no photo":         func(r *gemini.Request) { r.Photo = nil },
		"a large photo":    func(r *gemini.Request) { r.Photo = make([]byte, 15e6) },
		"a format":         func(r *gemini.Request) { r.Format = imaging.TIFF },
		"an unknown size":  func(r *gemini.Request) { r.Size = "8K" },
		"an unknown ratio": func(r *gemini.Request) { r.Aspect = "7:5" },
	} {
		r := edit(t)
		change(&r)
		if _, err := c.Edit(t.Context(), r); as(t, err).Reason != gemini.Rejected {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := s.Billed().Requests; n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestOptions(t *testing.T) {
	for name, change := range map[string]func(*gemini.Options){
		"no key":           func(o *gemini.Options) { o.Key = "" },
		"no answers":       func(o *gemini.Options) { o.Answers = nil },
		"a share above 1":  func(o *gemini.Options) { o.Share = 1.5 },
		"no credentials":   func(o *gemini.Options) { vertex(o); o.BaseURL = "" },
		"a share below 0":  func(o *gemini.Options) { o.Share = -1 },
		"a secret project": func(o *gemini.Options) { o.Project, o.Key, o.BaseURL = "p", "", "" },
	} {
		o := gemini.Options{Model: small(), Key: "key-secret", Answers: &memory{}}
		change(&o)
		if _, err := gemini.NewClient(t.Context(), o); err == nil || strings.Contains(err.Error(), "key-secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFolder(t *testing.T) {
	f := gemini.Folder(filepath.Join(t.TempDir(), "answers"))
	hash := strings.Repeat("ab", 32)
	if _, err := f.Load(t.Context(), hash); !errors.Is(err, gemini.ErrNoAnswer) {
		t.Errorf("before: %v", err)
	}
	for _, text := range []string{"first", "second"} {
		if err := f.Save(t.Context(), hash, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if data, err := f.Load(t.Context(), hash); err != nil || string(data) != text {
			t.Errorf("read %q, %v", data, err)
		}
	}
}
