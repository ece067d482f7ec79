package imaging

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestByteSize(t *testing.T) {
	tests := []struct {
		in   string
		want ByteSize
		out  string
	}{
		{"64 MiB", 64 << 20, "64 MiB"},
		{"64MB", 64e6, "64 MB"},
		{"64mib", 64 << 20, "64 MiB"},
		{"1.5 KiB", 1536, "1536 B"},
		{"1.5 GiB", 3 << 29, "1536 MiB"},
		{"65536", 1 << 16, "64 KiB"},
		{"500 kB", 500_000, "500 kB"},
		{"1024000", 1_024_000, "1000 KiB"},
		{"12 b", 12, "12 B"},
		{"0", 0, "0 B"},
		{"1 GiB", 1 << 30, "1 GiB"},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			var s ByteSize
			if err := s.UnmarshalText([]byte(tt.in)); err != nil || s != tt.want {
				t.Fatalf("read %d, %v; want %d", int64(s), err, int64(tt.want))
			}
			if s.String() != tt.out {
				t.Errorf("written %q, want %q", s, tt.out)
			}
			var again ByteSize
			if err := again.UnmarshalText([]byte(s.String())); err != nil || again != s {
				t.Errorf("%q reads as %d, %v", s, int64(again), err)
			}
		})
	}
	for _, bad := range []string{"", "MiB", "-1", "64 M", "64 XB", "1.1 B", "010", "1e3", "64  MiB", " 64 MiB", "99999999999 GiB", "0x10"} {
		var s ByteSize
		if err := s.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q reads as %v", bad, s)
		}
	}
}

func TestColor(t *testing.T) {
	for in, want := range map[string]Color{
		"#ffffff": {255, 255, 255},
		"#1a2B3c": {0x1a, 0x2b, 0x3c},
		"#1ac":    {0x11, 0xaa, 0xcc},
	} {
		var c Color
		if err := c.UnmarshalText([]byte(in)); err != nil || c != want {
			t.Errorf("%q reads as %v, %v; want %v", in, c, err, want)
		}
	}
	if got := (Color{1, 0xab, 0}).String(); got != "#01ab00" {
		t.Errorf("written %q", got)
	}
	for _, bad := range []string{"", "white", "#12", "#1234", "#12345g", "123456", "#1234567"} {
		if err := new(Color).UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is taken for a colour", bad)
		}
	}
}

// Parent and child exchange requests as JSON.
func TestRequestJSON(t *testing.T) {
	want := Request{
		Limits:  Limits{Bytes: 64 << 20, Megapixels: 12.5, Bands: 4, Frames: 7},
		Enhance: Enhance{Sharpen: 0.5},
		Variants: Variants{
			Widths: []int{320, 640}, Background: Color{1, 2, 3},
			JPEG: &JPEGOptions{80, Full, true, true, false, true, 3},
			AVIF: &AVIFOptions{60, 2, Auto, "iq"},
		},
	}
	const golden = `{"limits":{"bytes":"64 MiB","megapixels":12.5,"bands":4,"frames":7},` +
		`"enhance":{"sharpen":0.5},` +
		`"variants":{"widths":[320,640],"background":"#010203",` +
		`"jpeg":{"quality":80,"chroma":"4:4:4","progressive":true,"trellis":true,"deringing":false,"optimize_scans":true,"quant_table":3},` +
		`"avif":{"quality":60,"effort":2,"chroma":"auto","tune":"iq"}}}`
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(golden, string(data)); diff != "" {
		t.Errorf("wire form (-want +got):\n%s", diff)
	}
	var got Request
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after a round trip (-want +got):\n%s", diff)
	}
	var size ByteSize
	if err := json.Unmarshal([]byte("4096"), &size); err != nil || size != 4096 {
		t.Errorf("a plain number reads as %v, %v", size, err)
	}
}
