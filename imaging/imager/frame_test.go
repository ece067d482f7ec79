package imager

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"burnish/imaging"
)

var update = flag.Bool("update", false, "write the goldens anew")

// wire are the messages whose bytes are pinned: a change to them needs a new Protocol.
var (
	wireBuild = imaging.Build{
		Version: "1.2.3", Algorithm: 4, Libvips: "8.18.7",
		Codecs: map[string]string{"aom": "3.15.1", "mozjpeg": "4.1.5"}, Reads: []imaging.Format{imaging.JPEG, imaging.PNG},
	}
	wireRequest = imaging.Request{
		Limits:  imaging.Limits{Bytes: 64 << 20, Megapixels: 100, Bands: 5, Frames: 1000},
		Enhance: imaging.Enhance{Sharpen: 0.5},
		Variants: imaging.Variants{
			Widths: []int{320, 640},
			JPEG:   &imaging.JPEGOptions{Quality: 78, Chroma: imaging.Auto, Progressive: true, Trellis: true, Deringing: true, OptimizeScans: true, QuantTable: 3},
			WebP:   &imaging.WebPOptions{Quality: 77, Effort: 4, Chroma: imaging.Full},
			AVIF:   &imaging.AVIFOptions{Quality: 55, Effort: 2, Chroma: imaging.Subsampled, Tune: "iq"},
		},
		Source: []byte("\xff\xd8 a photo \xff\xd9"),
	}
	wireResult = imaging.Result{
		Source:   imaging.Source{Format: imaging.JPEG, Width: 600, Height: 400, Bytes: 13, Bands: 3, Orientation: 6, Profile: "Display P3", Frames: 1},
		Analysis: imaging.Analysis{ChromaLoss: 2.25},
		Steps:    []imaging.Step{{Name: "sharpen", Strength: 0.5, Why: "downscaled"}},
		Variants: []imaging.Variant{
			{Name: "320", Format: imaging.JPEG, Width: 320, Height: 213, Quality: 78, Chroma: imaging.Full, Data: []byte("\xff\xd8 small \xff\xd9")},
			{Name: "320", Format: imaging.AVIF, Width: 320, Height: 213, Quality: 55, Chroma: imaging.Subsampled, Note: "source kept", Data: []byte("ftypavif")},
		},
		Timings: imaging.Timings{Decode: 1 * time.Millisecond, Enhance: 2 * time.Millisecond, Encode: 3 * time.Millisecond, CPU: 6 * time.Millisecond},
	}
	wireMemory = int64(1 << 30)
	errWire    = fmt.Errorf("jpeg: %w: no end\nof image", imaging.ErrTruncated)
)

func helloBytes(t testing.TB) []byte {
	var out bytes.Buffer
	if err := Serve(strings.NewReader(""), &out, answer{}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func requestBytes(t testing.TB, req imaging.Request) []byte {
	head, err := header(request{Request: req, Size: int64(len(req.Source)), Memory: wireMemory})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := writeRequest(&out, head, req.Source); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func replyBytes(t testing.TB, res imaging.Result, failure error) []byte {
	var out bytes.Buffer
	if err := writeReply(&out, res, failure); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func needBytes(t testing.TB, bytes int64) []byte {
	head, err := header(need{Memory: bytes})
	if err != nil {
		t.Fatal(err)
	}
	return []byte(raw(kindNeed, string(head)))
}

// answer is an engine that knows one answer, and for some needs memory first.
type answer struct {
	result imaging.Result
	err    error
	needs  []int64
}

func (answer) Build() imaging.Build { return wireBuild }

func (a answer) Process(_ imaging.Request, admit func(int64) error) (imaging.Result, error) {
	for _, need := range a.needs {
		if err := admit(need); err != nil {
			return imaging.Result{}, fmt.Errorf("png: %w", err)
		}
	}
	return a.result, a.err
}

func TestWireFormat(t *testing.T) {
	for name, data := range map[string][]byte{
		"hello":   helloBytes(t),
		"request": requestBytes(t, wireRequest),
		"need":    needBytes(t, 734003200),
		"go":      []byte(raw(kindGo, "")),
		"reply":   replyBytes(t, wireResult, nil),
		"refusal": replyBytes(t, imaging.Result{}, errWire),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", name+".hex")
			if *update {
				if err := os.WriteFile(path, []byte(hex.Dump(data)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), hex.Dump(data)); diff != "" {
				t.Errorf("not the pinned bytes (-pinned +now):\n%s", diff)
			}
		})
	}
}

func TestRoundTrip(t *testing.T) {
	t.Run("hello", func(t *testing.T) {
		got, err := readHello(bytes.NewReader(helloBytes(t)))
		if diff := cmp.Diff(wireBuild, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	})
	t.Run("request", func(t *testing.T) {
		got, err := readRequest(bytes.NewReader(requestBytes(t, wireRequest)))
		want := request{Request: wireRequest, Size: int64(len(wireRequest.Source)), Memory: wireMemory}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	})
	t.Run("need", func(t *testing.T) {
		if got, err := readNeed(bytes.NewReader(needBytes(t, 5)), 5); err != nil || got != 5 {
			t.Errorf("%d, %v", got, err)
		}
	})
	t.Run("reply", func(t *testing.T) {
		got, err := readReply(bytes.NewReader(replyBytes(t, wireResult, nil)), wireRequest.Variants)
		if diff := cmp.Diff(wireResult, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}

// The facts of an engine, and no others, are told apart on the parent's side, and the words
// of its message come across once.
func TestReasonsCross(t *testing.T) {
	all := []error{imaging.ErrCorrupt, imaging.ErrTruncated, imaging.ErrUnsupported, imaging.ErrTooLarge, imaging.ErrCrashed, imaging.ErrTimeout}
	tests := []struct {
		name    string
		err     error
		fact    error
		message string
	}{
		{"corrupt", fmt.Errorf("png: %w: bad CRC", imaging.ErrCorrupt), imaging.ErrCorrupt, "png: corrupt: bad CRC"},
		{"truncated", errWire, imaging.ErrTruncated, "jpeg: truncated: no end of image"},
		{"unsupported", imaging.ErrUnsupported, imaging.ErrUnsupported, "unsupported"},
		{"too large", fmt.Errorf("%w: 120 megapixels", imaging.ErrTooLarge), imaging.ErrTooLarge, "too large: 120 megapixels"},
		{"unknown", errors.New("no such operation"), nil, "no such operation"},
		{"not an engine's to say", imaging.ErrTimeout, nil, "imager timed out"},
		{"not UTF-8", errors.New("bad tag \xff\x1b[2J"), nil, "bad tag \uFFFD [2J"},
		{"endless", errors.New(strings.Repeat("x", 1<<21)), nil, strings.Repeat("x", maxMessage) + " …"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readReply(bytes.NewReader(replyBytes(t, imaging.Result{}, tt.err)), wireRequest.Variants)
			if err == nil || err.Error() != tt.message {
				t.Errorf("message %q, want %q", err, tt.message)
			}
			for _, fact := range all {
				if errors.Is(err, fact) != (fact == tt.fact) {
					t.Errorf("it is %v: %t", fact, errors.Is(err, fact))
				}
			}
		})
	}
}

// raw builds a frame around any payload.
func raw(kind byte, payload string) string {
	return string(binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(payload)))) + payload
}

func TestMalformedNeeds(t *testing.T) {
	for _, tt := range []struct{ name, data, says string }{
		{"another kind", raw(kindReply, "{}"), `kind 'R' where 'N' was due`},
		{"too much", raw(kindNeed, `{"memory":11}`), "need of 11 bytes, at most 10"},
		{"negative", raw(kindNeed, `{"memory":-1}`), "need of -1 bytes"},
		{"beyond numbers", raw(kindNeed, `{"memory":9223372036854775808}`), "cannot unmarshal"},
		{"header too long", "N\x00\x10\x00\x01", "header of 1048577 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readNeed(strings.NewReader(tt.data), 10)
			if !errors.Is(err, errMalformed) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want a malformed frame that says %q", err, tt.says)
			}
		})
	}
}

func TestMalformedReplies(t *testing.T) {
	v := func(name, format string) string { return fmt.Sprintf(`{"name":%q,"format":%q}`, name, format) }
	result := func(sizes string, variants ...string) string {
		return raw(kindReply, fmt.Sprintf(`{"result":{"variants":[%s]},"sizes":%s}`, strings.Join(variants, ","), sizes))
	}
	tests := []struct{ name, data, says string }{
		{"another kind", raw(kindHello, "{}"), `kind 'H' where 'R' was due`},
		{"header too long", "R\x00\x10\x00\x01", "header of 1048577 bytes"},
		{"no JSON", raw(kindReply, "VIPS"), "invalid character"},
		{"neither result nor reason", raw(kindReply, "{}"), "neither result nor reason"},
		{"unknown reason", raw(kindReply, `{"reason":"not_found"}`), "unknown reason"},
		{"fewer sizes than variants", result(`[]`, v("320", "jpeg")), "0 sizes for 1 variants"},
		{"more variants than asked for", result(`[1,1,1]`, v("1", "jpeg"), v("2", "jpeg"), v("3", "jpeg")), "3 variants, at most 2"},
		{"format not asked for", result(`[1]`, v("320", "avif")), `format "avif"`},
		{"format that is a path", result(`[1]`, v("320", "../jpeg")), `format "../jpeg"`},
		{"name that is a path", result(`[1]`, v("../../manifests/x", "jpeg")), `name "../../manifests/x"`},
		{"no name", result(`[1]`, v("", "jpeg")), `name ""`},
		{"a variant twice", result(`[1,1]`, v("320", "jpeg"), v("320", "jpeg")), "320.jpg twice"},
		{"negative size", result(`[-1]`, v("320", "jpeg")), "more than"},
		{"too many bytes", result(`[268435456,1]`, v("320", "jpeg"), v("640", "jpeg")), "more than"},
		{"sum that overflows", result(`[9223372036854775807,9223372036854775807]`, v("320", "jpeg"), v("640", "jpeg")), "more than"},
		{"blob of another length", result(`[2]`, v("320", "jpeg")) + raw(kindBlob, "x"), "blob of 1 bytes, announced as 2"},
	}
	asked := imaging.Variants{Widths: []int{320, 640}, JPEG: &imaging.JPEGOptions{}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readReply(strings.NewReader(tt.data), asked)
			if !errors.Is(err, errMalformed) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want a malformed frame that says %q", err, tt.says)
			}
		})
	}
}

// Every message that is cut short is told from one that is wrong, and from the end of input.
func TestCutShort(t *testing.T) {
	read := map[string]func(io.Reader) error{
		"hello":   func(r io.Reader) error { _, err := readHello(r); return err },
		"request": func(r io.Reader) error { _, err := readRequest(r); return err },
		"need":    func(r io.Reader) error { _, err := readNeed(r, 0); return err },
		"go":      readGo,
		"reply":   func(r io.Reader) error { _, err := readReply(r, wireRequest.Variants); return err },
	}
	for name, data := range map[string][]byte{
		"hello": helloBytes(t), "request": requestBytes(t, wireRequest), "reply": replyBytes(t, wireResult, nil),
		"need": needBytes(t, 1<<30), "go": []byte(raw(kindGo, "")),
	} {
		for n := range data {
			want := io.ErrUnexpectedEOF
			if n == 0 && name == "request" {
				want = io.EOF
			}
			if err := read[name](bytes.NewReader(data[:n])); err != want {
				t.Errorf("%s cut at %d: %v, want %v", name, n, err, want)
			}
		}
	}
}

// A length alone must not make the reader allocate: the sender may never send that much.
func TestLengthAlone(t *testing.T) {
	const announced = maxReply
	data := binary.BigEndian.AppendUint32([]byte{kindBlob}, announced)
	data = append(data, make([]byte, 3<<20)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := readBlob(bytes.NewReader(data), announced); err != io.ErrUnexpectedEOF {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 8<<20 {
		t.Errorf("%d bytes allocated for 3 MiB that came", got)
	}
}

func TestServe(t *testing.T) {
	first, second := requestBytes(t, wireRequest), requestBytes(t, wireRequest)
	goes := []byte(raw(kindGo, ""))
	granted := slices.Concat(first, goes)
	small := wireRequest
	small.Limits.Bytes = 3
	broken := wireResult
	broken.Analysis.ChromaLoss = -1 / zero // has no JSON
	tests := []struct {
		name    string
		in      []byte
		engine  answer
		needs   int
		replies int
		says    string // the reply's refusal
		err     error
	}{
		{name: "nothing", in: nil},
		{name: "two photos", in: append(first, second...), engine: answer{result: wireResult}, replies: 2},
		{name: "refusal", in: first, engine: answer{err: errWire}, replies: 1, says: "jpeg: truncated: no end of image"},
		{name: "result without JSON", in: first, engine: answer{result: broken}, replies: 1, says: "result cannot be sent: json: unsupported value: -Inf"},
		{name: "need", in: granted, engine: answer{result: wireResult, needs: []int64{wireMemory}}, needs: 1, replies: 1},
		{name: "two needs", in: slices.Concat(granted, goes), engine: answer{result: wireResult, needs: []int64{1, 2}}, needs: 2, replies: 1},
		{
			name: "need of too much", in: first, engine: answer{needs: []int64{wireMemory + 1}}, replies: 1,
			says: "png: too large: it takes about 1025 MiB of memory, and one photo may have 1024 MiB here; raise --memory by 1 MiB, or lower --jobs",
		},
		{name: "no go", in: first, engine: answer{needs: []int64{1}}, needs: 1, err: io.ErrUnexpectedEOF},
		{name: "a go that says something", in: append(slices.Clone(first), raw(kindGo, "?")...), engine: answer{needs: []int64{1}}, needs: 1, err: errMalformed},
		{name: "another photo for a go", in: append(first, second...), engine: answer{needs: []int64{1}}, needs: 1, err: errMalformed},
		{name: "cut short", in: first[:len(first)-1], err: io.ErrUnexpectedEOF},
		{name: "longer than its limit", in: requestBytes(t, small), err: errMalformed},
		{name: "negative memory", in: []byte(raw(kindRequest, `{"memory":-1}`)), err: errMalformed},
		{name: "negative source", in: []byte(raw(kindRequest, `{"source":-1}`)), err: errMalformed},
		{name: "header too long", in: []byte("Q\xff\xff\xff\xff"), err: errMalformed},
		{name: "another kind", in: []byte(raw(kindReply, `{}`)), err: errMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			if err := Serve(bytes.NewReader(tt.in), &out, tt.engine); !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if _, err := readHello(&out); err != nil {
				t.Fatal(err)
			}
			for range tt.needs {
				if _, err := readNeed(&out, 0); err != nil {
					t.Fatal(err)
				}
			}
			for range tt.replies {
				got, err := readReply(&out, wireRequest.Variants)
				if tt.says == "" {
					if diff := cmp.Diff(wireResult, got); err != nil || diff != "" {
						t.Errorf("%v\n%s", err, diff)
					}
				} else if err == nil || err.Error() != tt.says {
					t.Errorf("error %v, want %q", err, tt.says)
				}
			}
			if out.Len() != 0 {
				t.Errorf("%d bytes too many", out.Len())
			}
		})
	}
}

var zero float64

func TestServeWriteError(t *testing.T) {
	r, w := io.Pipe()
	r.Close()
	if err := Serve(strings.NewReader(""), w, answer{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("error %v", err)
	}
}

// Whatever a child sends, the parent gets a whole result, a refusal or an error.
func FuzzReply(f *testing.F) {
	f.Add(replyBytes(f, wireResult, nil))
	f.Add(replyBytes(f, imaging.Result{}, errWire))
	f.Add([]byte(raw(kindReply, `{"result":{"variants":[{"name":"320","format":"jpeg"}]},"sizes":[9]}`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		res, err := readReply(r, wireRequest.Variants)
		if err != nil {
			return
		}
		again, err := readReply(bytes.NewReader(replyBytes(t, res, nil)), wireRequest.Variants)
		if diff := cmp.Diff(res, again, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}

// Whatever a parent sends, the child reads a request within its limits or an error.
func FuzzRequest(f *testing.F) {
	f.Add(requestBytes(f, wireRequest))
	f.Add([]byte(raw(kindRequest, `{"limits":{"bytes":1},"source":1}`) + raw(kindBlob, "x")))
	f.Fuzz(func(t *testing.T, data []byte) {
		req, err := readRequest(bytes.NewReader(data))
		if err != nil {
			return
		}
		if int64(len(req.Source)) > int64(req.Limits.Bytes) {
			t.Errorf("%d bytes read, limit %d", len(req.Source), req.Limits.Bytes)
		}
		if _, err := json.Marshal(req); err != nil {
			t.Error(err)
		}
	})
}

// Whatever a child needs, it is within what the parent said, or an error.
func FuzzNeed(f *testing.F) {
	f.Add(needBytes(f, 700<<20), int64(0))
	f.Add(needBytes(f, 700<<20), int64(1<<30))
	f.Add([]byte(raw(kindNeed, `{"memory":-1}`)), int64(0))
	f.Add([]byte("N\xff\xff\xff\xff"), int64(0))
	f.Fuzz(func(t *testing.T, data []byte, most int64) {
		got, err := readNeed(bytes.NewReader(data), most)
		if err == io.EOF {
			t.Error("a need that is missing looks like an end")
		}
		if err == nil && (got < 0 || most > 0 && got > most) {
			t.Errorf("%d bytes, at most %d", got, most)
		}
	})
}

func FuzzHello(f *testing.F) {
	f.Add(helloBytes(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := readHello(bytes.NewReader(data)); err == io.EOF {
			t.Error("a hello that is missing looks like an end")
		}
	})
}
